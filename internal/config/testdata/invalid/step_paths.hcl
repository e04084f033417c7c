image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    dir = "src"
    mount "in" { cache = cache.c }
    output "o" { path = "out" }
  }
}
cache "c" {}
