variable "from" {
  validation {
    condition     = true
    error_message = "Yes."
  }
}

locals {
  word = "b"
}

image "rust" {
  debian { packages = ["c"] }
}

stage "testing" {
  budget = "2s"
  step "build" {
    script = local.other
    output "a" { optional = true }
    output "b" { path = "/b" }
  }
  step "more" { command = ["more"] }
}

gate "g" { level = "production" }
