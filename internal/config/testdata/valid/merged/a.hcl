stage "testing" {
  image = image.rust
  step "t" { command = ["true"] }
}
