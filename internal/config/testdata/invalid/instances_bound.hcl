image "i" { from = "i" }
stage "a" {
  matrix = { x = range(1000), y = range(2) }
}
stage "b" {
  for_each = [for i in range(1001) : "s${i}"]
}
stage "c" {
  for_each = [for i in range(1000) : "s${i}"]
  image    = image.i
  step "t" {
    for_each = [for i in range(1000) : "t${i}"]
    command  = ["true"]
  }
}
