variable "a" { type = strnig }
variable "b" { type = list() }
variable "c" { type = "string" }
output "o" { value = [var.a, var.b, var.c] }
