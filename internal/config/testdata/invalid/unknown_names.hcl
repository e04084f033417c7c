locals {
  a = vra.x
  b = var.x
  c = local.aa
  d = image.x
  e = crate.nmae
  f = stage.x
  g = module.x.y
  h = service.x
  i = path.modul
}
output "o" { value = [local.a, local.b, local.c, local.d, local.e, local.f, local.g, local.h, local.i] }
