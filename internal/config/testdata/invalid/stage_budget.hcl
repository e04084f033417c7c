stage "s" {
  budget          = "10"
  budget_exceeded = "stop"
  when            = "perhaps"
}
stage "t" { budget = "-1s" }
