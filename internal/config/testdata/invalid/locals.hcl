# ERROR 4: Cycle of values: Each of these needs the next one: local.a (testdata/invalid/locals.hcl:4) → local.b (testdata/invalid/locals.hcl:5) → local.c (testdata/invalid/locals.hcl:6) → local.a.
# ERROR 7: Invalid function argument
locals {
  a = local.b
  b = local.c
  c = local.a
  d = upper([])
  e = [local.a, local.d]
}
output "x" { value = local.e }
