locals { a = 1e99999 }
output "o" { value = local.a }
