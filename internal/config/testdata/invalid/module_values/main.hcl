module "m" {
  source = "./m"
  count  = "many"
}
module "v" {
  source = "./m"
  count  = 0
}
module "c" {
  source = "./m"
  count  = module.d.count
}
module "d" {
  source = "./m"
  count  = local.c
}
locals { c = module.c.count }
