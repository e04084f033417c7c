# ERROR 11: "tcp" takes a port, a whole number from 1 to 65535.
# ERROR 15: "tcp" takes a port, a whole number from 1 to 65535.
# ERROR 18: "image" takes a reference to an image.
# ERROR 26: "services" takes a list of services
# ERROR 30: The service "a" stands twice in the list
# ERROR 34: "services" takes a list of services
# ERROR 20: "timeout" must be a duration
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
