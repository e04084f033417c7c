# VAR nmae=x
variable "name" { default = "y" }
output "o" { value = var.name }
