# Modules: inputs, outputs, names of their own, one within another, one used twice.

variable "strict" {
  type    = bool
  default = true
}

image "rust" { from = "rust" }

locals {
  tool = module.lint.tool
}

module "lint" {
  source = "./ci/lint"
  image  = image.rust
  strict = var.strict
  name   = module.other.name
}

stage "build" {
  image = image.rust
  step "one" {
    command = ["echo", local.tool]
    mount "/report" { source = module.lint.report }
  }
}

module "other" {
  source = "./ci/shared"
}

gate "lint" { condition = module.lint.warnings == 0 }

output "warnings" { value = module.lint.warnings }
