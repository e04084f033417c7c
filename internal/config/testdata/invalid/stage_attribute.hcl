stage "s" {
  budgt = "10s"
  stpe "x" {}
}
stage {}
stage "a" "b" {}
