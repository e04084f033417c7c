locals { job = 5 }
image "rsut" { from = "y" }
x = 1
