# ERROR 11: Image without a source
# ERROR 14: Duplicate debian block
# ERROR 13: packages
# ERROR 17: What does this step run?
# ERROR 18: What does this step run?
# ERROR 23: "level" must be one of basic, production, distribution, not "prod".
# ERROR 23: condition
# ERROR 26: Duplicate cache
# ERROR 27: Invalid name
# ERROR 28: stge
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
