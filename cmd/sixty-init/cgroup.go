package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroup is the file with the memory peak of this step's own cgroup; empty
// when the step shares its cgroup with others, whose peak would be no answer.
type cgroup string

// ownCgroup finds the cgroup. It must be called before anything is started.
func ownCgroup() cgroup {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for _, at := range memoryCgroups(string(mounts), string(own)) {
		members, err := os.ReadFile(filepath.Join(at.dir, "cgroup.procs"))
		if err == nil && strings.TrimSpace(string(members)) == strconv.Itoa(os.Getpid()) {
			return cgroup(filepath.Join(at.dir, at.peak))
		}
	}
	return ""
}

type cgroupPlace struct{ dir, peak string }

// memoryCgroups finds where this process's memory cgroups are mounted: the
// kernel's mountinfo (see proc(5)) has the part of the hierarchy that is
// mounted as the fourth field, the mount point as the fifth, and after " - "
// type, source and options.
func memoryCgroups(mountinfo, own string) []cgroupPlace {
	var places []cgroupPlace
	for line := range strings.Lines(mountinfo) {
		head, tail, _ := strings.Cut(line, " - ")
		at, fsys := strings.Fields(head), strings.Fields(tail)
		if len(at) < 5 || len(fsys) < 3 {
			continue
		}
		var controller, peak string
		switch {
		case fsys[0] == "cgroup2":
			peak = "memory.peak"
		case fsys[0] == "cgroup" && contains(fsys[2], "memory"):
			controller, peak = "memory", "memory.max_usage_in_bytes"
		default:
			continue
		}
		for entry := range strings.Lines(own) {
			// hierarchy:controllers:path
			f := strings.SplitN(strings.TrimSpace(entry), ":", 3)
			if len(f) != 3 || !(f[1] == controller || controller != "" && contains(f[1], controller)) {
				continue
			}
			rel, ok := strings.CutPrefix(f[2], strings.TrimSuffix(at[3], "/"))
			if ok && (rel == "" || rel[0] == '/') {
				places = append(places, cgroupPlace{filepath.Join(at[4], rel), peak})
			}
		}
	}
	return places
}

func contains(list, word string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item == word {
			return true
		}
	}
	return false
}

// peak returns the most memory that the cgroup has held, in bytes.
func (c cgroup) peak() (int64, bool) {
	if c == "" {
		return 0, false
	}
	text, err := os.ReadFile(string(c))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n > 0
}
