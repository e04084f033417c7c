locals {
  a = upper([])
  b = regex("(", "x")
  c = tonumber("x")
  d = lookup({ a = 1 }, "b")
  e = element([], 0)
  f = jsondecode("{")
  g = yamldecode("a: [")
}
output "o" { value = [local.a, local.b, local.c, local.d, local.e, local.f, local.g] }
