locals {
  a = 1
  b { c = 1 }
}
output "o" { value = local.a }
