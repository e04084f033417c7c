stage "testing" { budget = "3s" }
