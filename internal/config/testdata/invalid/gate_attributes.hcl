gate "a" {}
gate "b" {
  condition = true
  level     = "gold"
  severity  = "fatal"
  mesage    = "x"
}
gate "c" {
  condition = nmae == "x"
  level     = local.l
}
gate "a" { condition = true }
locals { l = "basic" }
