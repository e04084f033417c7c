module "a" { source = "../a" }
module "top" { source = "../" }
