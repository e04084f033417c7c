package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
)

// memoryOfStep is what a step of the compiler is taken to need, in bytes.
const memoryOfStep = 1 << 30

// steps is how many steps run at once: as many as was asked for, or one for
// each processor that this process may use, as far as there is memory for them.
// Go counts those by affinity and by the quota of the cgroup. The engine on this
// machine runs no more than that at once, however many runs there are.
func (o *runOptions) steps() int {
	if o.width > 0 {
		return o.width
	}
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return runtime.GOMAXPROCS(0)
	}
	return stepsFor(runtime.GOMAXPROCS(0), availableMemory(info))
}

// stepsFor is one step a processor with as much memory as each needs, and at
// least one; memory that is not known does not count.
func stepsFor(processors int, memory int64) int {
	if memory <= 0 {
		return processors
	}
	return max(1, min(processors, int(memory/memoryOfStep)))
}

// availableMemory reads /proc/meminfo, see proc_meminfo(5), in bytes; zero when
// it does not say.
func availableMemory(info []byte) int64 {
	lines := bufio.NewScanner(bytes.NewReader(info))
	for lines.Scan() {
		var kib int64
		if n, err := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 && err == nil {
			return kib << 10
		}
	}
	return 0
}
