stage "s" {
  step "t" {
    command = ["a"
  }
}
