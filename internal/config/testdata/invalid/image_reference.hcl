image "a" { from = "a" }
cache "c" {}
stage "s" {
  image = cache.c
  step "t" {
    image   = "a"
    command = ["true"]
  }
  step "u" {
    image   = image.b
    command = ["true"]
  }
}
stage "r" { image = image.a }
