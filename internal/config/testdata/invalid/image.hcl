# ERROR 3: Value not known yet
image "x" {
  from = crate.name
}
stage "t" { image = image.x }
