stage "a" { for_each = ["b"] }
stage "a-b" {}
