package initrec

// UnitsVariable names the environment variable with the folder in which
// sixty-init, as cargo's wrapper of the compiler, remembers what was compiled.
const UnitsVariable = "SIXTY_UNITS"
