# VAR a=null
variable "a" {
  type     = number
  nullable = false
}
output "o" { value = var.a }
