image "rust" { from = "rust" }

stage "testing" {
  image = image.rust

  step "test" {
    matrix = {
      toolchain = ["stable", "1.80"]
      features  = ["default", "all features"]
    }
    exclude = [{ toolchain = "1.80", features = "all features" }]
    command = ["cargo", "+${matrix.toolchain}", "test", "--features", matrix.features]
    output "log" { path = "/log/${matrix.toolchain}" }
  }

  step "each" {
    for_each = { one = 1, two = 2 }
    command  = ["echo", each.key, each.value]
    after    = [step.test]
  }

  step "set" {
    for_each = toset(["b", "a"])
    command  = ["echo", each.value]
    after    = [step.each["two"]]
    mount "/log" { source = step.test["default-stable"].output.log }
  }

  step "none" {
    for_each = []
    command  = ["true"]
  }

  step "last" {
    command = ["true"]
    after   = [step.none, step.set]
  }

  step "dynamic" {
    for_each = ["x"]
    command  = ["true"]
    dynamic "mount" {
      for_each = { "/a" = cache.one, "/b" = cache.two }
      iterator = m
      labels   = [m.key]
      content {
        cache    = m.value
        writable = true
      }
    }
    dynamic "output" {
      for_each = crate.bins
      labels   = [output.value.name]
      content {
        path = "/out/${output.value.name}-${each.key}"
      }
    }
  }

  step "reads" {
    command = ["true"]
    mount "/in" { source = step.dynamic["x"].output.demo }
  }
}

cache "one" {}
cache "two" {}
