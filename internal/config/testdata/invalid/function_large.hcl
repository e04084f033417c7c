locals {
  a = format("%99999d", 1)
  b = join(join("", [for i in range(1000) : "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]), range(1000))
  c = setproduct(range(1000), range(1000))
  d = 1e99999
}
output "o" { value = [local.a, local.b, local.c, local.d] }
