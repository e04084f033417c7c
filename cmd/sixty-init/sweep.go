package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// sweepLimit is how long a sweep waits for killed processes to be gone; only
// one that hangs in the kernel takes longer.
const sweepLimit = 10 * time.Second

// sweep kills every process below this one, but for those in keep and what
// they started, and returns how many there were.
func (p *processes) sweep(keep []int) int {
	kept := map[int]bool{}
	for _, pid := range keep {
		kept[pid] = true
	}
	killed := map[int]bool{}
	for deadline := time.Now().Add(sweepLimit); time.Now().Before(deadline); {
		if !p.reap() {
			break
		}
		found := below(os.Getpid(), kept)
		if len(found) == 0 {
			break
		}
		for _, pid := range found {
			if unix.Kill(pid, unix.SIGKILL) == nil {
				killed[pid] = true
			}
		}
		time.Sleep(time.Millisecond)
	}
	return len(killed)
}

// below lists the living descendants of a process, without the kept ones and
// theirs.
func below(root int, kept map[int]bool) []int {
	children := map[int][]int{}
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was listed counts
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if parent, ok := parentOf(pid); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	var found []int
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, pid := range children[queue[0]] {
			if kept[pid] {
				continue
			}
			found = append(found, pid)
			queue = append(queue, pid)
		}
	}
	return found
}

// parentOf reads a process's parent from /proc/PID/stat, whose second field is
// a name in parentheses that may hold anything.
func parentOf(pid int) (int, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	return parent, err == nil
}
