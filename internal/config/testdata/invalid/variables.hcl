# VAR name=UPPER
# ERROR 6: Lower case, not UPPER. The value "UPPER" came from --var.
# ERROR 10: The variable "needed" has no default and no value was given.
variable "name" {
  validation {
    condition     = lower(var.name) == var.name
    error_message = "Lower case, not ${var.name}."
  }
}
variable "needed" {}
output "x" { value = [var.name, var.needed] }
