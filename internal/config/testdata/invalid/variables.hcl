# VAR name=UPPER
variable "name" {
  validation {
    condition     = lower(var.name) == var.name
    error_message = "Lower case, not ${var.name}."
  }
}
variable "needed" {}
output "x" { value = [var.name, var.needed] }
