image "own" { from = "own" }
stage "s" {
  image = image.own
  step "t" { command = ["true"] }
}
output "name" { value = "n" }
