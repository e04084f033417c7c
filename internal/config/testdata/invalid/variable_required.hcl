# VAR b=1
variable "a" {
  type        = string
  description = "the name of it"
}
variable "b" { type = string }
output "o" { value = [var.a, var.b] }
