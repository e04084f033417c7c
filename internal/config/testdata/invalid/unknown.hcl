stage "generation" {
  when = crate.name == "x"
}
image "x" {
  from = crate.name
  warm = stage.generation.lockfile
}
stage "t" { image = image.x }
