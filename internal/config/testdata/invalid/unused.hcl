# WARNING 6: Unused variable: Nothing refers to var.a.
# WARNING 8: Unused local: Nothing refers to local.b.
# WARNING 10: Unused image
# WARNING 11: Unused cache
# WARNING 12: Unused secret
variable "a" { default = 1 }
locals {
  b = 1
}
image "c" { from = "x" }
cache "d" {}
secret "e" { env = "E" }
