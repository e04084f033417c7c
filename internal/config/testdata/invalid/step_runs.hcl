image "i" { from = "i" }
stage "s" {
  image = image.i
  step "none" {}
  step "two" {
    command = ["a"]
    script  = "b"
  }
  step "empty" { command = [] }
  step "null" { script = null }
  step "text" { command = "cargo build" }
  step "list" { script = ["a"] }
}
