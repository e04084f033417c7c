# The default pipeline: six stages that turn an idea for a Rust crate, or a
# crate that is already there, into a signed verdict.
#
# Each step starts from the image and from its own writable copy of the source
# (/src), of what was compiled from the dependencies (/target), and of nothing
# else; the downloaded dependencies lie at /vendor. The network is off. When a
# step ends, all is discarded but its outputs.

sixty {
  required_version = ">= 0.1"
}

variable "template" {
  type        = string
  default     = null
  description = "the pack to generate the crate from, such as io.sixty.rust.cli; null for a crate that exists"
}

locals {
  # The members that this run is about: all, or those that a change can reach
  # (sixty test --changed).
  selection = join(" ", crate.selection)

  # Members of a workspace that need each other are in no registry yet: cargo
  # finds them here when it packs them.
  siblings = length(crate.members) < 2 ? [] : concat(["--registry", "crates-io"], local.patches)
  patches = length(crate.members) < 2 ? [] : flatten([
    for m in crate.members : ["--config", "patch.crates-io.${m.name}.path='/src/${m.dir}'"]
  ])
}

image "rust" {
  # Taken by digest where its registry answers; elsewhere it is made from
  # Debian's packages. Which one it was is printed and stands in the report.
  from = "docker.io/library/rust:1.96-slim-bookworm"
  debian {
    suite = "bookworm"
    packages = [
      "gcc", "libc6-dev", "rustc-web", "cargo-web", "rust-web-clippy",
      "rustfmt-web", "rust-web-llvm", "ca-certificates",
    ]
    # Of LLVM's programs, only the two that coverage needs.
    exclude = ["/usr/lib/llvm-*/bin/*", "/usr/bin/*-lto-dump-*"]
    include = ["/usr/lib/llvm-*/bin/llvm-cov", "/usr/lib/llvm-*/bin/llvm-profdata"]
    # rustc's own folder has them by their plain names.
    env = {
      LANG = "C.UTF-8"
      PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin"
    }
  }
  warm = stage.generation.lockfile
}

# Finds the template in the market of packs.
stage "concept" {
  when   = var.template != null
  pack   = var.template
  budget = "5s"
}

# Renders the pack into a crate; the pack's own variables come from --name,
# --version and --var.
stage "generation" {
  when   = var.template != null
  budget = "10s"
}

# Downloads the crates that Cargo.lock pins and compiles them once, as a layer
# that a change of the crate's own source does not disturb.
stage "setup" {
  image  = image.rust
  budget = "60s"
}

stage "testing" {
  budget = "20s"

  step "fmt" {
    command = ["cargo", "fmt", "--all", "--check"]
    metrics = ["format"]
    timeout = "1m"
  }

  # The crate's own release profile: what is shipped is what was judged.
  step "build" {
    script  = <<-SH
      status=0
      cargo build --release ${local.selection} --message-format=json || status=$?
      mkdir -p /out/bin
      find /target/release -maxdepth 1 -type f -perm -100 ! -name '*.so' -exec cp {} /out/bin/ ';'
      exit $status
    SH
    metrics = ["build"]
    timeout = "10m"
    output "bin" { path = "/out/bin" }
  }

  # One compile serves the tests, the lints and the coverage: clippy-driver is
  # rustc with lints, and here it instruments the workspace's own crates too.
  # Lints are capped at warnings, so that none keeps a test from running; the
  # clippy gate judges their number.
  step "test" {
    script = <<-SH
      status=0
      cargo test ${local.selection} --no-fail-fast --message-format=json || status=$?
      if ls /tmp/coverage/*.profraw >/dev/null 2>&1; then
        llvm-profdata merge --sparse /tmp/coverage/*.profraw -o /tmp/coverage/all.profdata
        set --
        for file in $(find /target/debug /target/debug/deps -maxdepth 1 -type f -perm -100 ! -name '*.so'); do
          set -- "$@" --object "$file"
        done
        llvm-cov export --summary-only --instr-profile=/tmp/coverage/all.profdata "$@" >/tmp/coverage/summary.json ||
          rm -f /tmp/coverage/summary.json
      fi
      exit $status
    SH
    env = {
      RUSTC_WORKSPACE_WRAPPER = "clippy-driver"
      CLIPPY_ARGS             = "-Cinstrument-coverage__CLIPPY_HACKERY__--cap-lints=warn__CLIPPY_HACKERY__"
      LLVM_PROFILE_FILE       = "/tmp/coverage/%p-%m.profraw"
    }
    metrics = ["tests", "clippy", "coverage"]
    timeout = "10m"
    output "coverage" {
      path     = "/tmp/coverage/summary.json"
      optional = true
    }
  }

  # Compiles every example and benchmark and runs each one once.
  step "examples" {
    when = length(crate.examples) + length(crate.benches) > 0
    script = join("\n", concat(
      [for e in crate.examples : "cargo run --quiet --package ${e.package} --example ${e.name}"],
      [for b in crate.benches : "cargo test --quiet --package ${b.package} --bench ${b.name}"],
    ))
    timeout = "5m"
  }
}

stage "validation" {
  budget = "20s"

  # Packs the crate and builds it once more from what would be published.
  step "package" {
    command = concat(["cargo", "package", "--workspace", "--allow-dirty"], local.siblings)
    metrics = ["package"]
    timeout = "10m"
    output "crates" {
      path     = "/target/package"
      optional = true
    }
  }

  step "docs" {
    command = ["cargo", "doc", "--workspace", "--no-deps", "--message-format=json"]
    metrics = ["docs"]
    timeout = "10m"
  }

  # Compares Cargo.lock with the RustSec advisory database.
  step "audit" {
    uses    = "audit"
    metrics = ["audit"]
  }

  # A publish dry run against an index of its own on the loopback.
  step "publish" {
    script = <<-SH
      mkdir -p /tmp/index
      printf '{"dl":"http://127.0.0.1:4873/dl","api":"http://127.0.0.1:4873"}' >/tmp/index/config.json
      /.sixty/init serve --dir /tmp/index --addr 127.0.0.1:4873 &
      cargo publish --dry-run --no-verify --allow-dirty --workspace --registry local ${join(" ", formatlist("\"%s\"", local.patches))}
    SH
    env = {
      CARGO_NET_OFFLINE            = "false"
      CARGO_REGISTRIES_LOCAL_INDEX = "sparse+http://127.0.0.1:4873/"
    }
    timeout = "2m"
  }
}

stage "reporting" {
  budget = "5s"
}

# Basic: it works.

gate "build" {
  level     = "basic"
  condition = step.build.status == "passed"
  message   = "the release build failed"
}

gate "tests" {
  level     = "basic"
  condition = step.test.status == "passed" && metrics.tests.failed == 0 && metrics.tests.executed > 0
  message   = "${metrics.tests.failed} of ${metrics.tests.executed} tests failed"
}

gate "clippy" {
  level     = "basic"
  condition = metrics.clippy.warnings + metrics.clippy.errors == 0
  message   = "${metrics.clippy.warnings} warnings and ${metrics.clippy.errors} errors"
}

gate "format" {
  level     = "basic"
  condition = step.fmt.status == "passed"
  message   = "${metrics.format.files} files are not formatted; run cargo fmt"
}

# Production: it can be shipped.

gate "package" {
  level     = "production"
  condition = step.package.status == "passed" && metrics.package.crates > 0
  message   = "cargo package failed"
}

gate "docs" {
  level     = "production"
  condition = step.docs.status == "passed" && metrics.docs.warnings == 0
  message   = "${metrics.docs.warnings} warnings in the documentation"
}

gate "audit" {
  level     = "production"
  condition = step.audit.status == "passed" && metrics.audit.vulnerabilities == 0
  message   = "${metrics.audit.vulnerabilities} known vulnerabilities among the dependencies"
}

gate "publish" {
  level     = "production"
  condition = step.publish.status == "passed"
  message   = "the publish dry run failed"
}

# Distribution: others can build on it.

gate "coverage" {
  level     = "distribution"
  condition = metrics.coverage.lines > 80
  message   = "${format("%.1f", metrics.coverage.lines)} % of lines are covered; more than 80 % are asked for"
}

gate "examples" {
  level     = "distribution"
  condition = step.examples.status == "passed"
  message   = "an example or a benchmark does not compile or does not run"
}
