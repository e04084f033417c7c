variable "1a" {}
variable "a" {}
variable "a" {}
output "o" { value = var.a }
