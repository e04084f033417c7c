image "i" { from = "i" }
stage "a" {
  image = image.i
  step "t" {
    command = ["true"]
  }
  step "u" {
    for_each = [step.t.status]
    command  = ["true"]
  }
}
stage "b" { for_each = stage.a.step.t }
stage "c" { when = matrix.x }
