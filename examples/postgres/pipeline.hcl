# Integration tests against a real PostgreSQL. The service runs inside of the
# step's own network: there is no port to choose, nothing to clean up, and the
# network to the outside stays off.

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

# From Debian's packages, so that no registry is needed. The server compiles
# queries with LLVM, which tests do without: that halves the image. A cluster of
# Debian's own is not wanted either, since each run makes one.
image "postgres" {
  debian {
    packages = ["postgresql-15"]
    exclude = [
      "/usr/bin/pg_createcluster", "/usr/lib/*/libLLVM*", "/usr/lib/llvm-*",
      "/usr/lib/postgresql/*/lib/bitcode/*", "/usr/lib/postgresql/*/lib/llvmjit*",
    ]
    # Its packages link their pages into these folders.
    include = ["/usr/share/man/man[17]"]
    env = {
      PATH = "/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    }
  }
}

service "db" {
  image = image.postgres
  user  = "postgres"
  # What a crash would lose is lost anyway when the step ends.
  script = <<-SH
    initdb --pgdata /tmp/data --auth trust --no-sync
    exec postgres -D /tmp/data -k /tmp -c fsync=off
  SH
  ready {
    command = ["pg_isready", "--host", "db"]
    timeout = "30s"
  }
}

stage "generation" {}

stage "setup" { image = image.rust }

stage "testing" {
  budget = "20s"

  # The schema alone, with the server's own client.
  step "schema" {
    image    = image.postgres
    services = [service.db]
    script   = <<-SH
      psql --host db --user postgres --set ON_ERROR_STOP=1 --file migrations/0001_accounts.sql
      psql --host db --user postgres --command '\d account'
    SH
    timeout  = "1m"
  }

  step "test" {
    services = [service.db]
    command  = ["cargo", "test", "--message-format=json"]
    env      = { DATABASE = "db:5432" }
    metrics  = ["tests"]
    timeout  = "5m"
  }
}

gate "schema" {
  condition = step.schema.status == "passed"
  message   = "the schema can't be applied"
}

gate "tests" {
  condition = step.test.status == "passed" && metrics.tests.failed == 0 && metrics.tests.executed > 0
  message   = "${metrics.tests.failed} of ${metrics.tests.executed} tests failed"
}
