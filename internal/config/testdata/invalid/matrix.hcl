# ERROR 13: A step has matrix or for_each, not both.
# ERROR 17: "matrix" takes an object of lists
# ERROR 21: The axis "a" must be a list of values.
# ERROR 26: The matrix has no axis "b".
# ERROR 30: "exclude" leaves out combinations of a matrix
# ERROR 34: A step has at most 1000 instances.
# ERROR 38: can't name a step
# ERROR 41: Duplicate step: The values make a step "h-a-b"
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
