package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// spent is what a run took. CPU is user and system time of the process and of
// all descendants that were waited for.
type spent struct{ wall, cpu time.Duration }

func (s spent) plus(o spent) spent { return spent{s.wall + o.wall, s.cpu + o.cpu} }

func (s spent) String() string {
	return fmt.Sprintf("%.2f s, CPU %.2f s", s.wall.Seconds(), s.cpu.Seconds())
}

// measure runs a command to its end. Out is what it wrote, both streams
// together; an exit code other than 0 is an error that shows the end of it.
func measure(cmd *exec.Cmd) (spent, []byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	started := time.Now()
	err := cmd.Run()
	s := spent{wall: time.Since(started)}
	if cmd.ProcessState != nil {
		s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return s, out.Bytes(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(out.String(), 40))
	}
	return s, out.Bytes(), nil
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// median is the middle one of some durations, or the mean of the middle two.
func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	n := len(d)
	if n == 0 {
		return 0
	}
	return (d[(n-1)/2] + d[n/2]) / 2
}
