image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["a", null]
  }
}
stage "u" {
  step "v" { command = ["a", ["b"]] }
  step "w" { command = [{}] }
}
