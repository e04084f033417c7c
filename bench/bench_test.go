package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	s := func(list ...int) (d []time.Duration) {
		for _, n := range list {
			d = append(d, time.Duration(n)*time.Second)
		}
		return d
	}
	for _, c := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{s(3), 3 * time.Second},
		{s(9, 1, 2), 2 * time.Second},
		{s(1, 4, 100, 2), 3 * time.Second},
	} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestAddLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"before a module", "//! Doc.\n\nmod a;\n", "//! Doc.\n\nNEW\nmod a;\n"},
		{"above what belongs to it", "//! Doc.\n\n/// A.\n#[cfg(test)]\npub mod a;\n", "//! Doc.\n\nNEW\n/// A.\n#[cfg(test)]\npub mod a;\n"},
		{"not in an example of the documentation", "//! use x;\npub use a::B;\n", "//! use x;\nNEW\npub use a::B;\n"},
	} {
		path := filepath.Join(t.TempDir(), "lib.rs")
		if err := os.WriteFile(path, []byte(c.in), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := addLine(path, "NEW"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// ran is a report of a run of a case that is as it should be.
func ran(t *testing.T, name string) report {
	t.Helper()
	text := fmt.Sprintf(`{"deployment_status": "READY", "images": [{"digest": "sha256:1"}], "stages": [{"steps": [
		{"id": "setup.vendor", "status": "passed", "cached": true},
		{"id": "setup.dependencies", "status": "passed", "cached": %t, "executed": {"user_cpu_ms": 900, "system_cpu_ms": 100}},
		{"id": "testing.build", "status": "passed", "cached": %[2]t, "executed": {"user_cpu_ms": 900, "system_cpu_ms": 100}},
		{"id": "testing.compile", "status": "passed", "cached": %[2]t},
		{"id": "testing.test", "status": "passed", "cached": %[2]t},
		{"id": "testing.examples", "status": "passed", "cached": %[2]t},
		{"id": "validation.package", "status": "passed", "cached": %[2]t},
		{"id": "validation.docs", "status": "passed", "cached": %[2]t},
		{"id": "validation.audit", "status": "not_run"}]}]}`, name != caseCold, name == caseUnchanged)
	var r report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCheck(t *testing.T) {
	enough := spent{cpu: 5 * time.Second}
	cases := []string{caseCold, caseChanged, caseUnchanged}
	for _, is := range cases {
		for _, asked := range cases {
			if err := ran(t, is).check(asked, "sha256:1", enough); (err == nil) != (is == asked) {
				t.Errorf("a run of the case %q, taken for %q: %v", is, asked, err)
			}
		}
	}
	for _, c := range []struct {
		name, want string
		spoil      func(*report)
		cpu        time.Duration
		image      string
	}{
		{name: "not ready", want: "not READY", spoil: func(r *report) { r.DeploymentStatus = "NOT_READY" }},
		{name: "failed step", want: "validation.docs: failed", spoil: func(r *report) { r.Stages[0].Steps[7].Status = "failed" }},
		{name: "no such step", want: "validation.docs is there: false", spoil: func(r *report) { r.Stages[0].Steps[7].ID = "validation.other" }},
		{name: "another image", want: "not the one image", image: "sha256:2"},
		{name: "steps elsewhere", want: "of CPU time", cpu: time.Second},
	} {
		r, s, image := ran(t, caseCold), enough, "sha256:1"
		if c.spoil != nil {
			c.spoil(&r)
		}
		if c.cpu > 0 {
			s.cpu = c.cpu
		}
		if c.image != "" {
			image = c.image
		}
		if err := r.check(caseCold, image, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", c.name, err, c.want)
		}
	}
}

func TestPage(t *testing.T) {
	var all []result
	for round := range 3 {
		d := time.Duration(round+1) * time.Second
		all = append(all,
			result{"cli", caseCold, sideBare, spent{4 * d, 8 * d}},
			result{"cli", caseCold, sideCoverage, spent{4 * d, 8 * d}},
			result{"cli", caseCold, sideHand, spent{4 * d, 5 * d}},
			result{"cli", caseCold, sideSixty, spent{2 * d, 6 * d}},
		)
	}
	p := page{machine: machine{cores: 2, load: 1}, rounds: 3, coverage: true, rows: summarize(all)}
	text := p.markdown()
	for _, want := range []string{
		"| cli | cold | 8.00 / 16.00 | 8.00 / 10.00 | 4.00 / 12.00 | 0.50 | 0.75 | 0.50 | 1.20 | – | 8.00 / 16.00 | 0.25 |",
		"| cli | cold | 4.00 – 12.00 | 4.00 – 12.00 | 2.00 – 6.00 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Taken under load") {
		t.Error("the page says that a quiet machine was busy")
	}
	p.machine.load = 2.5
	if !strings.Contains(p.markdown(), "Taken under load") {
		t.Error("the page does not say that the machine was busy")
	}
}

func TestOpenImage(t *testing.T) {
	if _, err := openImage(t.TempDir()); err == nil || !strings.Contains(err.Error(), "sixty image build rust") {
		t.Errorf("no image: got %v, want it to say how to make one", err)
	}
}
