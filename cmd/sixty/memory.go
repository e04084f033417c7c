package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// How much garbage a command that reads and plans a pipeline lets lie before it
// collects: calmPercent of what lives and of calmBytes beside it.
const (
	calmBytes   = 32 << 20
	calmPercent = 50
)

// calm makes garbage collection rare until the function that it returns is
// called. A plan of thousands of steps is made of values that live to the end: to
// look through all of them each time that they have doubled takes as long as to
// make them. The heap counts as larger than it is by memory that is never
// touched, and so never taken from the machine. What the environment says of the
// collector goes first.
func calm() (done func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(calmPercent)
	untouched := make([]byte, calmBytes)
	return func() {
		runtime.KeepAlive(untouched)
		debug.SetGCPercent(before)
	}
}
