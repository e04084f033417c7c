# VAR port=5433
variable "port" {
  type    = number
  default = 5432
}

image "postgres" { from = "docker.io/library/postgres:16" }

service "db" {
  image  = image.postgres
  script = "exec postgres -p ${var.port}"
  env    = { PGDATA = "/data" }
  user   = "postgres"
  dir    = "/var/lib/postgresql"
  ready {
    command = ["pg_isready", "-p", tostring(var.port)]
    timeout = "5s"
  }
}

service "cache" {
  image   = image.postgres
  command = ["cache"]
  ready { tcp = var.port + 1 }
}

# Runs what its image is for, and is ready at once.
service "plain" { image = image.postgres }

stage "t" {
  image = image.postgres
  step "one" {
    command  = ["true"]
    services = [service.db, service.cache]
  }
  step "both" {
    for_each = ["a", "b"]
    command  = ["true"]
    services = [service.plain]
  }
}
