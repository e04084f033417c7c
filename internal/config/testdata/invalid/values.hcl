# VAR budget=soon
# VAR level=3
# VAR token=s3cret
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
