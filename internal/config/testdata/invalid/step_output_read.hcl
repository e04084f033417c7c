image "i" { from = "i" }
stage "s" {
  image = image.i
  step "a" {
    command = ["x"]
    output "o" { path = "/o" }
  }
  step "b" { command = ["cat", step.a.output.o] }
  step "c" { script = "cat ${step.a.output.o}" }
  step "d" { command = ["x", step.a.status] }
}
