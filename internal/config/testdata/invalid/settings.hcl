sixty { required_version = 1 + local.x }
sixty { require = "x" }
locals { x = 1 }
