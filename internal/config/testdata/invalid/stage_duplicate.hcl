stage "s" {}
stage "s" {}
stage "1" {}
