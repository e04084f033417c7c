image "a" { from = crate.name }
stage "s" { image = image.a }
