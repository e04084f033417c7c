stage "a" {
  when = )
}
cache "b" {
  x = image.none
