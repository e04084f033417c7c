variable "name" {
  type        = string
  description = "what it is called"
}
variable "count" { type = number }
output "out" { value = [var.name, var.count] }
