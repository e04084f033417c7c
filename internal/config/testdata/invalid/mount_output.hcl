image "i" { from = "i" }
stage "s" {
  image = image.i
  step "a" {
    command = ["x"]
    output "o" { path = "/o" }
    output "o" { path = "/p" }
  }
  step "b" {
    command = ["x"]
    mount "/a" { source = step.a.output.p }
    mount "/b" { source = step.a.output }
    mount "/c" { source = step.c.output.o }
    output "q" { optional = true }
  }
}
