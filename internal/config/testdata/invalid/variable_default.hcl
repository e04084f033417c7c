variable "a" {
  type    = number
  default = "x"
}
variable "b" {
  nullable = false
  default  = null
}
variable "c" { default = local.x }
locals { x = 1 }
output "o" { value = [var.a, var.b, var.c] }
