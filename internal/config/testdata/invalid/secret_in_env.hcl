secret "a" { env = "A" }
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["echo", secret.a]
    env = { A = secret.a }
  }
}
