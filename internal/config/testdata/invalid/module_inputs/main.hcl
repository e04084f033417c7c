module "m" {
  source = "./m"
  nmae   = "x"
  count  = "many"
}
output "o" { value = [module.m.out, module.m.otu, module.n.out] }
