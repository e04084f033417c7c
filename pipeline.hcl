# The default pipeline: six stages that turn an idea for a Rust crate, or a
# crate that is already there, into a signed verdict.
#
# Each step starts from the image and from its own writable copy of the source
# (/src), of what was compiled from the dependencies (/target), and of nothing
# else; the downloaded dependencies lie at /vendor. The network is off. When a
# step ends, all is discarded but its outputs.
#
# The crate itself is compiled three times: for release, out of its packed
# archive (build); for the tests, lints and coverage (compile); and as far as
# documentation asks for (docs). Every other step starts from what one of those
# has left, so that gates cost little more than the first of them. In a workspace
# the members that others need are compiled ahead, by the same commands in steps
# that see nothing else, so that a change elsewhere leaves them in the cache.

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
  # finds them here when it packs them. The paths are relative, as cargo knows
  # the members by where they really lie.
  siblings = length(crate.members) < 2 ? [] : concat(["--registry", "crates-io"], local.patches)
  patches = length(crate.members) < 2 ? [] : flatten([
    for m in crate.members : ["--config", "patch.crates-io.${m.name}.path='${m.dir}'"] if m.needed
  ])

  # A procedural macro is compiled as a part of the member that needs it, and as
  # its users will; a build of its own would be one more.
  excluded = flatten([for m in crate.members : ["--exclude", m.name] if m.host])

  # Tests run with the dependencies that are shipped, unless the crate says how
  # its tests are to be compiled: one set of them is compiled, and not two. The
  # crate's own code is compiled for tests all the same, see below.
  shared  = crate.test_profile == "release"
  profile = local.shared ? ["--release"] : []
  built   = local.shared ? "/target/release" : "/target/debug"

  # Compiles the workspace's own crates with clippy-driver, which is rustc with
  # lints, and instrumented for coverage. Lints are capped at warnings, so that
  # none keeps a test from running; the clippy gate judges their number. Nobody
  # debugs what is thrown away after the tests, so there is no debug information
  # and one unit of code a crate, which is less work.
  checked = {
    RUSTC_WORKSPACE_WRAPPER = "clippy-driver"
    CLIPPY_ARGS = join("__CLIPPY_HACKERY__", concat(
      ["-Cinstrument-coverage", "--cap-lints=warn", "-Cdebuginfo=0", "-Ccodegen-units=1"],
      local.shared ? ["-Copt-level=0", "-Cdebug-assertions=on", "-Coverflow-checks=on", "-Cstrip=none"] : [],
      [""],
    ))
    LLVM_PROFILE_FILE = "/dev/null"
  }
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

  # Packs the crate, and builds it for release out of the archive: what is
  # shipped is what was judged, and it is known to build without the files
  # around it. What can't be packed is built as it lies there, for the build
  # gate's sake; the package gate then says no.
  step "build" {
    script  = <<-SH
      packed() {
        cargo package --no-verify --workspace --allow-dirty ${join(" ", formatlist("\"%s\"", local.siblings))} || return
        # Files as old as the archive says would count as compiled already. What
        # was compiled ahead, out of the same archive, is.
        for archive in /target/package/*.crate; do
          name=$(basename "$archive" .crate)
          if ! cmp -s "$archive" "/target/unpacked/$name"; then
            rm -rf "/target/packed/$name"
            tar -xzmf "$archive" -C /target/packed || return
            cp "$archive" "/target/unpacked/$name"
          fi
        done
        for unpacked in /target/unpacked/*; do
          name=$(basename "$unpacked")
          if [ ! -e "/target/package/$name.crate" ]; then rm -rf "$unpacked" "/target/packed/$name"; fi
        done
        if [ -e /src/.cargo ]; then cp -R /src/.cargo /target/packed/; fi
        if [ -n "$PACKED_WORKSPACE" ]; then
          printf %s "$PACKED_WORKSPACE" >/target/packed/Cargo.toml
          cp /src/Cargo.lock /target/packed/
          cd /target/packed || return
        else
          cd /target/packed/*/ || return
        fi
        sources | sort >/tmp/before
        cargo build --release --workspace --message-format=json ${join(" ", local.excluded)} >/tmp/messages || return
        sources | sort | cmp -s - /tmp/before || { echo "error: a build script has changed the packed sources" >&2; return 1; }
        cp /target/package/*.crate /packed/
      }
      sources() { find . -type f ! -name Cargo.lock -exec sha256sum {} +; }

      rm -rf /target/package
      mkdir -p /out/bin /packed /target/packed /target/unpacked
      if [ "${local.selection}" = --workspace ] && packed; then
        cat /tmp/messages
      else
        if [ -e /tmp/messages ]; then cat /tmp/messages >&2; fi
        echo "Building what lies in the source tree, not what was packed" >&2
        cd /src
        cargo build --release ${local.selection} --message-format=json
      fi
      find /target/release -maxdepth 1 -type f -perm -100 ! -name '*.so' -exec cp {} /out/bin/ ';'
    SH
    env     = { PACKED_WORKSPACE = crate.packed }
    ahead   = true
    metrics = ["build"]
    timeout = "10m"
    output "bin" { path = "/out/bin" }
    # The archives whose contents were built.
    output "packed" {
      path   = "/packed"
      volume = true
    }
  }

  # The one compile for tests, lints and coverage; documentation takes the
  # workspace's procedural macros from it.
  step "compile" {
    command = concat(["cargo", "test", "--no-run", "--message-format=json"], crate.selection, local.profile)
    env     = local.checked
    ahead   = true
    metrics = ["clippy"]
    timeout = "10m"
    output "target" {
      path   = "/target"
      volume = true
    }
  }

  step "test" {
    script  = <<-SH
      status=0
      cargo test ${local.selection} --no-fail-fast --message-format=json ${join(" ", local.profile)} || status=$?
      if ls /tmp/coverage/*.profraw >/dev/null 2>&1; then
        llvm-profdata merge --sparse /tmp/coverage/*.profraw -o /tmp/coverage/all.profdata
        set --
        for file in $(find ${local.built} ${local.built}/deps -maxdepth 1 -type f -perm -100 ! -name '*.so'); do
          set -- "$@" --object "$file"
        done
        llvm-cov export --summary-only --instr-profile=/tmp/coverage/all.profdata "$@" >/tmp/coverage/summary.json ||
          rm -f /tmp/coverage/summary.json
      fi
      exit $status
    SH
    env     = merge(local.checked, { LLVM_PROFILE_FILE = "/tmp/coverage/%p-%m.profraw" })
    metrics = ["tests", "coverage"]
    timeout = "10m"
    mount "/target" {
      source   = step.compile.output.target
      writable = true
    }
    output "coverage" {
      path     = "/tmp/coverage/summary.json"
      optional = true
    }
  }

  # Compiles every example and benchmark and runs each one once.
  step "examples" {
    when = length(crate.examples) + length(crate.benches) > 0
    script = join("\n", concat(
      [for e in crate.examples : join(" ", concat(["cargo run --quiet --package", e.package, "--example", e.name], local.profile))],
      [for b in crate.benches : join(" ", concat(["cargo test --quiet --package", b.package, "--bench", b.name], local.profile))],
    ))
    env     = local.checked
    timeout = "5m"
    mount "/target" {
      source   = step.compile.output.target
      writable = true
    }
  }
}

stage "validation" {
  budget = "20s"

  # Packs the crate once more: what is published has to be, to the byte, the
  # archives that the release build was made of.
  step "package" {
    script  = <<-SH
      cargo package --no-verify --workspace --allow-dirty ${join(" ", formatlist("\"%s\"", local.siblings))}
      cd /target/package
      for archive in *.crate; do
        cmp "$archive" "/built/$archive" || { echo "error: $archive does not build by itself, see the log of step build" >&2; exit 1; }
      done
    SH
    metrics = ["package"]
    timeout = "2m"
    mount "/built" { source = stage.testing.step.build.output.packed }
    output "crates" {
      path     = "/target/package"
      optional = true
    }
  }

  step "docs" {
    command = concat(["cargo", "doc", "--workspace", "--no-deps", "--message-format=json"], local.profile)
    env     = local.checked
    ahead   = true
    metrics = ["docs"]
    timeout = "10m"
    mount "/target" {
      source   = stage.testing.step.compile.output.target
      writable = true
    }
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
