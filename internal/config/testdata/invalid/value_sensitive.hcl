# VAR a=h1dden
variable "a" {
  type      = number
  sensitive = true
}
output "o" { value = var.a }
