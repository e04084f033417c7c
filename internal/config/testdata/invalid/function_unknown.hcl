locals {
  a = uper("x")
  b = upper()
  c = upper("a", "b")
  d = timestamp()
}
output "o" { value = [local.a, local.b, local.c, local.d] }
