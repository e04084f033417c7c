# VAR budget=soon
# VAR level=3
# VAR token=s3cret
# ERROR 39: "budget" must be a duration such as "10s" or "1m30s", not "soon". The value of var.budget came from --var.
# ERROR 41: "budget_exceeded" must be one of warn, fail, not "3". The value of var.level came from --var.
# ERROR 42: "when": a bool is required
# ERROR 44: "command": list of string required, but have string. var.none has its default value.
# ERROR 47: "dir" must be an absolute path in the container, not "src".
# ERROR 48: A sensitive value can't stand here
# ERROR 49: "timeout" must be a duration
# ERROR 50: "after" takes a list of steps
# ERROR 51: "network" must be one of none, host, not "hots". Did you mean "host"?
# ERROR 52: "image" takes a reference to an image.
# ERROR 54: "cache" takes a reference to a cache.
# ERROR 56: Invalid mount
# ERROR 58: "path" must be an absolute path
# ERROR 61: The command is empty.
# ERROR 64: The script is empty.
# ERROR 68: is not a name and value that an environment can hold
# ERROR 71: Where is this secret?
# WARNING 71: Unused secret
variable "budget" { default = "1s" }
variable "level" { default = "warn" }
variable "none" { default = "x" }
variable "token" {
  sensitive = true
  default   = "y"
}
locals {
  budget = var.budget
}
cache "c" {}



# A stage with everything wrong.

stage "s" {
  budget = local.budget

  budget_exceeded = var.level
  when            = "maybe"
  step "a" {
    command = var.none
  }
  step "b" {
    dir     = "src"
    command = ["x", var.token]
    timeout = "-1s"
    after   = step.a
    network = "hots"
    image   = cache.c
    mount "/a" {
      cache = step.a
    }
    mount "a" { cache = cache.c }
    output "x" {
      path = "x"
    }
  }
  step "c" { command = [] }

  step "d" {
    script = ""
  }
  step "e" {
    command = ["x"]
    env = { "A=B" = "1" }
  }
}
secret "s" {}
