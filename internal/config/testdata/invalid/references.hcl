variable "flags" {}
image "rust" { from = "rust" }


stage "testing" {
  image = image.rsut
  step "build" {
    command = [var.flgs]
    after   = [step.biuld]
    mount "/c" {
      cache = cache.cargo
    }
    mount "/d" { source = step.build.output.x }
    when   = stage.test == null
    dir    = crat.name
    env    = { A = metrics.tests.failed }
  }
}
locals {
  a = step.build
  b = local.a
}
gate "a" {
  condition = stage.tesing.step.x.status == local.b
}
gate "b" {
  condition = metrcs.tests.failed
}
