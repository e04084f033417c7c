package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// machine is where a benchmark ran.
type machine struct {
	Model  string `json:"model"`
	Cores  int    `json:"cores"`
	Memory uint64 `json:"memory_bytes"`
	Kernel string `json:"kernel"`
	// Load is the load average over one minute before the first measurement.
	Load float64 `json:"load_before"`
}

// busy reports whether other programs had all cores to do when it began.
func (m machine) busy() bool { return m.Load > float64(m.Cores) }

func thisMachine() (machine, error) {
	m := machine{Cores: runtime.NumCPU()}
	var system syscall.Sysinfo_t
	if err := syscall.Sysinfo(&system); err != nil {
		return m, fmt.Errorf("find the size of the memory: %w", err)
	}
	m.Memory = system.Totalram * uint64(system.Unit)
	var errModel, errLoad error
	m.Model, errModel = cpuModel()
	kernel, errKernel := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = strings.TrimSpace(string(kernel))
	m.Load, errLoad = loadAverage()
	return m, errors.Join(errModel, errKernel, errLoad)
}

// cpuModel is the processor's name; not every architecture's kernel tells it.
func cpuModel() (string, error) {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value), nil
		}
	}
	return "unknown " + runtime.GOARCH, lines.Err()
}

func loadAverage() (float64, error) {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(data), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/loadavg: %w", err)
	}
	return load, nil
}
