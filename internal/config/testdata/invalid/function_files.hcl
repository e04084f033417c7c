locals {
  a = file("../../config.go")
  b = file("/etc/hostname")
  c = file("none.txt")
  d = fileset("..", "*")
  e = templatefile("function_files.hcl", {})
  f = filesha256("../config_test.go")
}
output "o" { value = [local.a, local.b, local.c, local.d, local.e, local.f] }
