image "a" {}
image "b" {
  debian {}
  debian { packages = [] }
}
stage "s" {
  step "a" {}
  step "b" {
    command = ["x"]
    script  = "x"
  }
}
gate "g" { level = "prod" }

cache "c" {}
cache "c" {}
cache "1 c" {}
stge "x" {}
stage "u" { image = image.a }
stage "v" { image = image.b }
output "u" { value = cache }
