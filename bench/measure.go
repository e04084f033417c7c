package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// spent is what a run took. CPU is user and system time of the process and of
// all descendants that were waited for.
type spent struct{ wall, cpu time.Duration }

func (s spent) plus(o spent) spent { return spent{s.wall + o.wall, s.cpu + o.cpu} }

func (s spent) String() string {
	return fmt.Sprintf("%.2f s, CPU %.2f s", s.wall.Seconds(), s.cpu.Seconds())
}

// spentJSON is spent in a record, in seconds.
type spentJSON struct {
	Wall float64 `json:"wall_s"`
	CPU  float64 `json:"cpu_s"`
}

// MarshalJSON implements [json.Marshaler].
func (s spent) MarshalJSON() ([]byte, error) {
	return json.Marshal(spentJSON{s.wall.Round(time.Microsecond).Seconds(), s.cpu.Round(time.Microsecond).Seconds()})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *spent) UnmarshalJSON(data []byte) error {
	var j spentJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	seconds := func(f float64) time.Duration { return time.Duration(f * float64(time.Second)).Round(time.Microsecond) }
	*s = spent{seconds(j.Wall), seconds(j.CPU)}
	return nil
}

// ran is a run of a command and what it took.
type ran struct {
	spent
	// out is what it wrote, both streams together.
	out []byte
	// peak is the most memory that the process itself held, in bytes, and rest
	// what it held most of the time, where that was watched.
	peak, rest int64
}

// measure runs a command to its end; an exit code other than 0 is an error that
// shows the end of what it wrote.
func measure(cmd *exec.Cmd) (spent, []byte, error) {
	r, err := observe(cmd, 0, false)
	return r.spent, r.out, err
}

// observe is measure of a command that has a part of its work done by an engine,
// whose CPU time counts, too; 0 is no engine. With watch, the command's memory is
// looked at while it runs.
func observe(cmd *exec.Cmd, engine int, watch bool) (r ran, err error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var before time.Duration
	if engine != 0 {
		if before, err = cpuOf(engine); err != nil {
			return r, fmt.Errorf("read what the engine has spent: %w", err)
		}
	}
	started := time.Now()
	err = cmd.Start()
	if err == nil {
		stop := func() int64 { return 0 }
		if watch {
			stop = watchMemory(cmd.Process.Pid)
		}
		err = cmd.Wait()
		r.wall, r.rest = time.Since(started), stop()
	}
	r.out = out.Bytes()
	if cmd.ProcessState != nil {
		r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			r.peak = usage.Maxrss << 10
		}
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(out.String(), 40))
	}
	if engine != 0 {
		after, err := cpuOf(engine)
		if err != nil {
			return r, fmt.Errorf("read what the engine has spent: %w", err)
		}
		r.cpu += after - before
	}
	return r, nil
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
