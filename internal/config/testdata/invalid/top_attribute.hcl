name = "x"
stage = "y"
