# ERROR 7: Unsupported argument
# ERROR 4: Invalid expression
stage "a" {
  when = )
}
cache "b" {
  x = image.none
