image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" { command = [module.m.failed, module.m.count] }
}
module "m" { source = "./m" }
