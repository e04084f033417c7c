variable "image" { type = any }
variable "strict" {
  type    = bool
  default = false
}
variable "name" { type = string }

cache "lints" {}

secret "token" { file = "token" }

module "deep" { source = "../shared" }

stage "check" {
  image = var.image
  step "clippy" {
    command = ["cargo", "clippy", var.strict ? "strict" : "lax", var.name, module.deep.name, file("note.txt")]
    metrics = ["clippy"]
    output "report" { path = "/report" }
    mount "/cache" { cache = cache.lints }
    mount "/token" { secret = secret.token }
  }
}

stage "after" {
  matrix = { a = ["x", "y"] }
  step "b" {
    command = ["echo", matrix.a]
    after   = [stage.check.step.clippy]
  }
}

gate "clippy" { condition = metrics.clippy.warnings == 0 && step.clippy.status == "passed" }

output "tool" { value = "clippy" }
output "report" { value = step.clippy.output.report }
output "warnings" { value = metrics.clippy.warnings }
