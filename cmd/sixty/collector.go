package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// firstCollection is how large the heap grows before it is collected at all, in
// percent of Go's own least heap of 4 MB: most commands end before that, and
// collecting again and again from 4 MB on takes a third of their time.
const firstCollection = 64 << 20 / (4 << 20) * 100

// collectLate puts the first garbage collection off. From then on the collector
// is as it always is, and as $GOGC says where that is set.
func collectLate() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(firstCollection)
	runtime.AddCleanup(new([2]*byte), func(struct{}) { collectAsUsual() }, struct{}{})
}

// collectAsUsual is for what stays: it holds no more than it needs.
func collectAsUsual() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
	}
}
