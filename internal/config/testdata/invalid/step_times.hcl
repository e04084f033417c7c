image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    timeout = "soon"
  }
}
stage "u" {
  step "v" {
    command = ["a"]
    timeout = 10
    network = "bridge"
  }
}
