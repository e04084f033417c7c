stage "a" { matrix = [] }
stage "b" { matrix = {} }
stage "c" { matrix = { x = "y" } }
stage "d" {
  matrix  = { x = ["y"] }
  exclude = [{ z = "y" }]
}
stage "e" { exclude = [] }
stage "f" {
  matrix   = { x = ["y"] }
  for_each = ["y"]
}
stage "g" { matrix = { x = [{}] } }
stage "h" { matrix = { x = ["a b", "a-b"] } }
stage "i" { for_each = ["step"] }
stage "j" { for_each = [1, null] }
stage "k" { for_each = ["…"] }
stage "l" { for_each = "x" }
