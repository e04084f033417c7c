locals {
  a = metrics.tests.failed
  b = step.t.status
}
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
  }
}
output "o" { value = [local.a, local.b] }
