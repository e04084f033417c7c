variable "IMAGE" {}
variable "CRATES" {}
variable "CARGO" {}
variable "LAYOUT" {}
variable "BASE" {}
variable "CRATE" {}
variable "SIBLINGS" {}
variable "RUNS" {}

group "default" {
  targets = ["gates"]
}

target "base" {
  context    = "."
  dockerfile = "base.Dockerfile"
  contexts = {
    image  = "oci-layout://${IMAGE}"
    crates = CRATES
    cargo  = CARGO
  }
  output = ["type=oci,dest=${LAYOUT},tar=false,compression=uncompressed"]
}

target "gates" {
  matrix     = { gate = ["build", "test", "clippy", "fmt", "doc", "package", "examples"] }
  name       = gate
  target     = gate
  context    = CRATE
  dockerfile = "${DIR}/Dockerfile"
  contexts   = { base = "oci-layout://${BASE}" }
  args       = { SIBLINGS = SIBLINGS, RUNS = RUNS }
}

variable "DIR" {}
