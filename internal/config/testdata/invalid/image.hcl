image "x" {
  from = crate.name
}
stage "t" { image = image.x }
