stage "setup" { matrix = { x = ["y"] } }
