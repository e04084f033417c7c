# ERROR 4: Cycle of locals: Locals depend on each other: a → b → c → a.
# ERROR 7: Invalid function argument
locals {
  a = local.b
  b = local.c
  c = local.a
  d = upper([])
  e = [local.a, local.d]
}
output "x" { value = local.e }
