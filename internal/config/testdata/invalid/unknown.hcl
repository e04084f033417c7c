# ERROR 3: Value not known yet
stage "generation" {
  when = crate.name == "x"
}
image "x" {
  from = crate.name
  warm = stage.generation.lockfile
}
stage "t" { image = image.x }
