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
