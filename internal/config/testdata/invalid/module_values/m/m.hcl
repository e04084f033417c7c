variable "count" {
  type = number
  validation {
    condition     = var.count > 0
    error_message = "More than none."
  }
}
output "count" { value = var.count }
