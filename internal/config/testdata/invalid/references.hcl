# ERROR 18: No such image: No image "rsut" is declared. Did you mean image.rust?
# ERROR 20: No such variable: No variable "flgs" is declared. Did you mean var.flags?
# ERROR 21: No such step: The stage "testing" has no step "biuld". Did you mean step.build?
# ERROR 23: No such cache: No cache "cargo" is declared.
# ERROR 26: No such stage: No stage "test" is declared. Did you mean stage.testing?
# ERROR 27: Unknown name: There is nothing named "crat" here. Did you mean crate?
# ERROR 28: Results are not known here
# ERROR 32: Which stage?
# ERROR 36: No such stage: No stage "tesing" is declared. Did you mean stage.testing?
# ERROR 39: There is nothing named "metrcs" here.
# WARNING 13: Unused variable
# WARNING 14: Unused image
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
