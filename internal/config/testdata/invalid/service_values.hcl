image "i" { from = "x" }
service "a" {
  image = image.i
  ready { tcp = 70000 }
}
service "b" {
  image = image.i
  ready { tcp = 1.5 }
}
service "c" {
  image = service.a
  ready {
    timeout = "soon"
    tcp     = 1
  }
}
stage "s" {
  step "a" {
    services = service.b
    command  = ["x"]
  }
  step "b" {
    services = [service.a, service.a]
    command  = ["x"]
  }
  step "c" {
    services = [service.c, image.i]
    command  = ["x"]
  }
}
