image "i" { from = "i" }
stage "s" {
  image = image.i
  step "a" { command = ["x"] }
  step "a" { command = ["x"] }
  step "m" {
    for_each = ["x y", "x-y"]
    command  = ["x"]
  }
  step "n" {
    for_each = ["output"]
    command  = ["x"]
  }
}
