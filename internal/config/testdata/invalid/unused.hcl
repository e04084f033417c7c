variable "a" { default = 1 }
locals {
  b = 1
}
image "c" { from = "x" }
cache "d" {}
secret "e" { env = "E" }
