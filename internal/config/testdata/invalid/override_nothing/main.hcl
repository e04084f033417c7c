locals { jobs = 4 }
image "rust" { from = "x" }
stage "s" {
  image = image.rust
  step "t" { command = ["x", local.jobs] }
}
