# ERROR 13: No such service: No service "cahe" is declared. Did you mean service.cache?
# ERROR 16: host name
# ERROR 20: What does this service run?
# ERROR 22: When is it ready?
# ERROR 26: When is it ready?
# ERROR 30: Duplicate ready block
# ERROR 32: image
# WARNING 32: Unused service
image "i" { from = "x" }
stage "s" {
  step "a" {
    command  = ["x"]
    services = [service.db, service.cahe, service.my_db, service.two]
  }
}
service "my_db" { image = image.i }
service "db" {
  image   = image.i
  command = ["a"]
  script  = "b"

  ready {}
}
service "two" {
  image = image.i
  ready {
    tcp = 1
    command = ["x"]
  }
  ready { tcp = 2 }
}
service "cache" {}
