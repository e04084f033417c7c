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
