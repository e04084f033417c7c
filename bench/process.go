package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tick is the unit of the kernel's CPU times in /proc: USER_HZ is 100 on every
// architecture that Go runs on, see time(7).
const tick = 10 * time.Millisecond

// cpuOf is the user and system time of a process and of all descendants that
// were waited for, see proc_pid_stat(5).
func cpuOf(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseStat(data)
}

func parseStat(data []byte) (time.Duration, error) {
	// The name is in parentheses and may hold anything; state is field 3.
	rest := data[bytes.LastIndexByte(data, ')')+1:]
	fields := strings.Fields(string(rest))
	const utime, last = 14 - 3, 17 - 3
	if len(fields) <= last {
		return 0, fmt.Errorf("a process's statistics have %d fields", len(fields))
	}
	var sum time.Duration
	for _, f := range fields[utime : last+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("a process's CPU time: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// residentOf is the memory of a process in bytes, see proc_pid_status(5); zero
// when it is gone.
func residentOf(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var kib int64
		if n, err := fmt.Sscanf(lines.Text(), "VmRSS: %d kB", &kib); n == 1 && err == nil {
			return kib << 10
		}
	}
	return 0
}

// watchMemory samples the memory of a process until it is stopped, and gives the
// median of the samples: what it holds most of the time.
func watchMemory(pid int) (stop func() int64) {
	over := make(chan struct{})
	var samples []int64
	var done sync.WaitGroup
	done.Go(func() {
		every := time.NewTicker(100 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-over:
				return
			case <-every.C:
				if n := residentOf(pid); n > 0 {
					samples = append(samples, n)
				}
			}
		}
	})
	return func() int64 {
		close(over)
		done.Wait()
		if len(samples) == 0 {
			return 0
		}
		slices.Sort(samples)
		return samples[len(samples)/2]
	}
}
