output "a" {}
output "b" {
  value       = 1
  sensitive   = "x"
  description = local.d
}
output "b" { value = 1 }
locals { d = "x" }
