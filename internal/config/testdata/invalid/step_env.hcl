image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    env = { "A=B" = "c" }
  }
}
stage "u" {
  step "v" {
    command = ["a"]
    env     = { A = null }
  }
  step "w" {
    command = ["a"]
    env     = ["A=b"]
  }
  step "x" {
    command = ["a"]
    env     = { A = ["b"] }
  }
}
