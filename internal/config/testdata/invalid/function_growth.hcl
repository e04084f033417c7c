locals {
  a = [for x in range(1000) : [for y in range(1000) : y]]
}
output "o" { value = local.a }
