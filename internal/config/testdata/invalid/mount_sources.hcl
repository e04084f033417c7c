image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    mount "/a" {}
    mount "/b" {
      cache  = cache.c
      source = stage.generation.tree
    }
    mount "/c" { source = step.t }
    mount "/d" { source = cache.c }
    mount "/e" { secret = cache.c }
    mount "/a/" { cache = cache.c }
    mount "/f" {
      cache    = cache.c
      writable = "yes"
    }
  }
}
cache "c" {}
