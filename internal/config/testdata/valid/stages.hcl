# VAR toolchains=["stable", "1.80"]

# Stages with instances, references to one of them and to all.

variable "toolchains" { type = list(string) }

locals {
  targets = { linux = "x86_64-unknown-linux-gnu", wasm = "wasm32-unknown-unknown" }
  built   = stage.testing["linux-stable"].step.build.output.bin
}

image "rust" {
  from = "rust"
}

stage "testing" {
  matrix  = { toolchain = var.toolchains, os = ["linux", "mac"] }
  exclude = [{ toolchain = "1.80", os = "mac" }]
  image   = image.rust
  budget  = matrix.os == "mac" ? "20s" : "10s"
  when    = matrix.os != "mac"

  step "build" {
    command = ["cargo", "+${matrix.toolchain}", "build"]
    output "bin" { path = "/out" }
  }
  step "test" {
    matrix  = { features = ["default", "serde"] }
    command = ["cargo", "+${matrix.toolchain}", "test", "--features", matrix.features]
    metrics = ["tests"]
    after   = [step.build]
    mount "/bin" { source = step.build.output.bin }
  }
}

stage "targets" {
  for_each = local.targets
  step "check" {
    command = ["cargo", "check", "--target", each.value]
    after   = [stage.testing["linux-stable"]]
  }
}

stage "last" {
  step "all" {
    command = ["true"]
    after   = [stage.testing.step.build, stage.testing["linux-1-80"].step.test["serde"], stage.targets]
    mount "/built" { source = local.built }
    mount "/old" { source = stage.testing["linux-1-80"].step.build.output.bin }
  }
}

gate "tests" {
  condition = alltrue([for s in stage.testing : alltrue([for t in s.step.test : t.metrics.tests.failed == 0])])
}
