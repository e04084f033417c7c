stage "s" {
  step "a" {
    command  = ["x"]
    matrix   = { a = [1] }
    for_each = ["y"]
  }
  step "b" {
    command = ["x"]
    matrix  = ["a"]
  }
  step "c" {
    command = ["x"]
    matrix  = { a = 1 }
  }
  step "d" {
    command = ["x"]
    matrix  = { a = [1] }
    exclude = [{ b = 1 }]
  }
  step "e" {
    command = ["x"]
    exclude = []
  }
  step "f" {
    command = ["x"]
    matrix  = { a = range(100), b = range(100) }
  }
  step "g" {
    command = ["x"]
    matrix  = { a = [[1]] }
  }

  step "h" {
    command  = ["x"]
    for_each = ["a b", "a-b"]
  }
}
