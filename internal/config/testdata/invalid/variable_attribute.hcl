variable "a" {
  typ         = string
  description = 1 + null
  sensitive   = "maybe"
}
output "o" { value = var.a }
