cache "a" { path = "/x" }
cache "a" {}
cache "not a name" {}
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    mount "/c" { cache = cache.a }
  }
}
