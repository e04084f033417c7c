# VAR a=3
variable "a" {
  type = number
  validation {
    condition     = var.a > 3
    error_message = "More than three."
  }
  validation {
    condition     = var.a < 3
    error_message = "Less than three."
  }
  validation {
    condition     = "maybe"
    error_message = "x"
  }
}
output "o" { value = var.a }
