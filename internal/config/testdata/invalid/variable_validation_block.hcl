variable "a" {
  default = 1
  validation { condition = true }
}
output "o" { value = var.a }
