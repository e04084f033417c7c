stage "s" {
  step "t" {
    command = ["a"];
    env: { A = 1 }
  }
}
locals { a = 1 +* 2 }
