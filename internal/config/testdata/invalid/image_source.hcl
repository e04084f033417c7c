image "a" {}
image "b" {
  from = 1 > 2 ? "x" : null
  warm = image.a
}
image "c" {
  debian { suite = "x" }
  debian { packages = [] }
}
stage "s" {
  image = image.a
  step "t" {
    image   = image.b
    command = ["true"]
  }
  step "u" {
    image   = image.c
    command = ["true"]
  }
}
