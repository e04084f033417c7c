variable "from" {
  default = "rust"
  validation {
    condition     = false
    error_message = "No."
  }
}

locals {
  word  = "a"
  other = local.word
}

image "rust" {
  from = var.from
  debian {
    packages = ["a", "b"]
    suite    = "sid"
  }
}

stage "testing" {
  image  = image.rust
  budget = "1s"
  step "build" {
    command = [local.other]
    timeout = "1s"
    output "a" { path = "/a" }
  }
  step "test" { command = ["test"] }
}

gate "g" {
  condition = false
  message   = "no"
}
