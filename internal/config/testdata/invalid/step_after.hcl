image "i" { from = "i" }
stage "s" {
  image = image.i
  step "a" {
    command = ["x"]
    after   = step.b
  }
  step "b" {
    command = ["x"]
    after   = ["a"]
  }
  step "c" {
    command = ["x"]
    after   = [image.i, step.d]
  }
}
