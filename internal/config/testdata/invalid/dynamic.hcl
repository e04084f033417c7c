image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    dynamic "mount" {
      for_each = ["/a"]
      labels   = [mount.value]
      content { cash = cache.c }
    }
    dynamic "step" {
      for_each = []
      content {}
    }
    dynamic "output" {
      for_each = 3
      labels   = [output.value]
      content { path = "/x" }
    }
  }
}
cache "c" {}
