stage "concept" { pack = "x" }
stage "s" {
  image = image.i
  step "t" {
    command = [path.module]
    after   = [stage.other.step.x]
  }
}
output "failed" { value = metrics.tests.failed }
output "count" { value = 1 }
locals { unused = 1 }
