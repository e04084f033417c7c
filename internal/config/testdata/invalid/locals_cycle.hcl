locals {
  a = local.b
  b = [for x in [1] : local.c]
  c = "${local.a}"
  d = local.d
  e = 1 / 0
}
output "o" { value = [local.a, local.d, local.e] }
