# ERROR 9: Duplicate mount
# ERROR 11: Duplicate output
# ERROR 12: path
# ERROR 13: Unsupported block type
# ERROR 14: Invalid dynamic block
stage "s" {
  step "a" {
    mount "/a" { cache = cache.c }
    mount "/b/../a" { cache = cache.c }
    output "o" { path = "/o" }
    output "o" { path = "/o" }
    output "p" {}
    input "p" {}
    dynamic "step" {
      for_each = []
      content {}
    }
    command = ["x"]
  }
}
cache "c" {}
