locals {
  a = local.b
  b = local.c
  c = local.a
  d = upper([])
  e = [local.a, local.d]
}
output "x" { value = local.e }
