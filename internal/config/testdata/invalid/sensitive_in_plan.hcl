# VAR a=h1dden
variable "a" {
  type      = string
  sensitive = true
}
image "i" { from = "i" }
stage "s" {
  image = image.i
  step "t" {
    command = ["echo", "${var.a}!"]
    env     = { A = upper(var.a) }
    dir     = "/${var.a}"
    when    = var.a == "x"
    timeout = var.a
  }
}
secret "e" { env = var.a }
stage "u" {
  for_each = [var.a]
}
stage "v" {
  matrix = { a = [var.a] }
  step "w" {
    script = local.b
    mount "/s" { secret = secret.e }
  }
}
locals { b = "x ${var.a}" }
