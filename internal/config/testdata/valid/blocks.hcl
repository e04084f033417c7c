# VAR extra=["x", "y"]
sixty {
  required_version = ">= 0.1"
}

variable "pack" {
  type    = string
  default = "io.sixty.rust.cli"
}

variable "extra" {
  type    = list(string)
  default = []
}

locals {
  flags = concat(["--verbose"], var.extra, [local.last])
  last  = "--${crate.name}"
}

image "rust" {
  from = "docker.io/library/rust:1"
  warm = stage.generation.lockfile
}

image "plain" {
  debian {
    packages = ["ca-certificates"]
    exclude  = ["/usr/share/doc/*"]
    include  = ["/usr/share/doc/a"]
    env      = { LANG = "C.UTF-8", B = 1 }
  }
}

cache "cargo" {}

secret "token" {
  env = "TOKEN"
}

secret "key" {
  file = "key.pem"
}

stage "concept" {
  pack    = var.pack
  version = "^1"
  budget  = "250ms"
}

stage "generation" {
  vars = { name = "demo", tags = ["a"] }
}

stage "testing" {
  image           = image.rust
  budget          = "1m30s"
  budget_exceeded = "fail"

  step "build" {
    command = concat(["cargo", "build"], local.flags)
    env     = { B = "2", A = "1" }
    output "bin" { path = "/out/../out/bin" }
    output "log" {
      path     = "/log"
      optional = true
    }
  }

  step "test" {
    script  = "cargo test"
    image   = image.plain
    dir     = "/src/"
    timeout = "10s"
    after   = [step.build]
    network = "host"
    metrics = ["tests"]
    mount "/bin2" { source = step.build.output.bin }
    mount "/tree" {
      source   = stage.generation.tree
      writable = true
    }
    mount "/cache" { cache = cache.cargo }
    mount "/token" { secret = secret.token }
    mount "/key" { secret = secret.key }
  }

  step "audit" {
    uses = "audit"
    when = crate.workspace
  }
}

stage "last" {
  when = false
  step "publish" {
    command = ["true"]
    after   = [stage.testing.step.test]
    mount "/log" { source = stage.testing.step.build.output.log }
  }
}

gate "tests" {
  condition = metrics.tests.failed == 0 && step.test.status == "passed"
}

gate "strict" {
  level     = "distribution"
  severity  = "warning"
  condition = stage.last.step.publish.exit_code == 0
  message   = "no: ${step.publish.exit_code}"
}

output "failed" {
  value       = metrics.tests.failed
  description = "how many tests failed"
}
