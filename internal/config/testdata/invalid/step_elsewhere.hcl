step "a" { command = ["x"] }
mount "/x" {}
