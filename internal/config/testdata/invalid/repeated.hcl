# ERROR 5: "dir" must be an absolute path
stage "s" {
  step "a" {
    for_each = ["x", "y"]
    dir      = "src"
    command  = ["x"]
  }
}
