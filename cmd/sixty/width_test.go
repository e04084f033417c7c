package main

import "testing"

func TestStepsFor(t *testing.T) {
	for _, c := range []struct {
		processors int
		info       string
		want       int
	}{
		{2, "MemTotal: 9 kB\nMemAvailable:   16777216 kB\n", 2},
		{16, "MemAvailable:    4194304 kB\n", 4},
		{4, "MemAvailable:     524288 kB\n", 1},
		{4, "MemTotal: 16777216 kB\n", 4},
	} {
		if got := stepsFor(c.processors, availableMemory([]byte(c.info))); got != c.want {
			t.Errorf("%d processors and %q: %d steps, want %d", c.processors, c.info, got, c.want)
		}
	}
}
