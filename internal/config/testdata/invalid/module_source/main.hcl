module "none" {}
module "pack" { source = "io.sixty.rust.cli" }
module "out" { source = "../valid" }
module "absolute" { source = "/etc" }
module "missing" { source = "./missing" }
module "empty" { source = "./empty" }
module "value" { source = local.x }
module "own" { source = "./." }
locals { x = "./x" }
