variable "a" {
  default   = "x"
  sensitive = true
}
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = [try(var.a.b, var.a)]
  }
}
