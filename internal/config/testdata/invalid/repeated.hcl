stage "s" {
  step "a" {
    for_each = ["x", "y"]
    dir      = "src"
    command  = ["x"]
  }
}
