// Package module does what the functions of the Dagger module say: it brings
// their arguments to this machine, which is the module's own container, runs
// sixty there with the steps on Dagger, and gives back directories.
package module
