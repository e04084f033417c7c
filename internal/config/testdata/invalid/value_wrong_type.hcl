# VAR a=[1,
# VAR b={x = "y"}
variable "a" { type = list(number) }
variable "b" { type = object({ x = number, z = optional(string, "d") }) }
output "o" { value = [var.a, var.b] }
