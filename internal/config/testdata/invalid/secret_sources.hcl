secret "none" {}
secret "two" {
  env  = "A"
  file = "b"
}
secret "three" {
  env     = "A"
  command = ["b"]
}
secret "empty" { command = [] }
secret "text" { command = "pass show x" }
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["true"]
    mount "/a" { secret = secret.none }
    mount "/b" { secret = secret.two }
    mount "/c" { secret = secret.three }
    mount "/d" { secret = secret.empty }
    mount "/e" { secret = secret.text }
  }
}
