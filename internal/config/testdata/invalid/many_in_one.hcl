variable "a" { type = nubmer }
image "i" { frm = "x" }
stage "s" {
  budget = "x"
  step "t" { command = [locl.x] }
}
gate "g" { condition = metric.x }
