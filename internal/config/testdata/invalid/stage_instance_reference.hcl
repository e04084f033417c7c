image "i" { from = "i" }
stage "a" {
  matrix = { x = ["y", "z"] }
  image  = image.i
  step "t" {
    command = ["true"]
    output "o" { path = "/o" }
  }
}
stage "b" {
  image = image.i
  step "u" {
    command = ["true"]
    after   = [stage.a["w"].step.t, stage.a["y"].step.v, stage.c["y"].step.t]
    mount "/o" { source = stage.a.step.t.output.o }
  }
}
