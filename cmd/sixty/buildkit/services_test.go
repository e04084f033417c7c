//go:build linux

package buildkit

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// service is a service with the defaults that a plan would give it.
func service(name string, command ...string) plan.Service {
	return plan.Service{Name: name, Image: "test", Command: append([]string{"/bin/teststep"}, command...), Dir: "/",
		Ready: plan.Ready{Timeout: 10 * time.Second}, Range: plan.Range{File: "p.hcl", StartLine: 7}}
}

func TestServices(t *testing.T) {
	db, cache := service("db", "serve", "80"), service("cache", "serve", "80")
	db.Ready.TCP, cache.Ready.Command = 80, []string{"/bin/teststep", "reach", "cache:80", "db:80"}
	s := step("services", "reach", "db:80", "cache:80")
	s.Services = plan.Addressed([]plan.Service{db, cache})
	results := t.TempDir()
	r := run(t, engine(t, Options{Results: results}, s), s)
	if r.Status != plan.StatusPassed {
		t.Fatalf("%+v: %s%s", r, left(t, r, "stderr"), left(t, r, "services/cache.log"))
	}
	for _, name := range []string{"db", "cache"} {
		// It has a /proc of its own root, and does not see the step's.
		if got := left(t, r, initrec.ServiceLog(name)); !strings.Contains(got, "proc true\n") || !strings.Contains(got, "step false\n") {
			t.Errorf("log of %s: %q", name, got)
		}
	}
	if !*r.Record.LoopbackOnly {
		t.Error("a step with services has another network than the loopback")
	}
	if again := run(t, engine(t, Options{Results: results}, s), s); !again.Cached {
		t.Error("a step with services is not cached")
	}
	// Each step has its own: what an earlier one wrote is gone.
	s.Command = []string{"/bin/teststep", "cat", "/.sixty/services/db/tmp/written"}
	if r := run(t, engine(t, Options{}, s), s); r.Status != plan.StatusPassed {
		t.Errorf("the control fails: %+v", r)
	}
	s.Services = plan.Addressed([]plan.Service{service("db", "sleep", "1h")})
	if r := run(t, engine(t, Options{}, s), s); r.Status != plan.StatusFailed || !strings.Contains(left(t, r, "stderr"), "no such file") {
		t.Errorf("%+v: %s", r, left(t, r, "stderr"))
	}
	if out, _ := exec.Command("pgrep", "-f", "^/bin/teststep (serve|sleep 1h)").Output(); len(out) > 0 {
		t.Errorf("a service lives on: %s", out)
	}
}

func TestServiceFailures(t *testing.T) {
	dies, never := service("db", "serve-for", "100ms"), service("db", "sleep", "1h")
	never.Ready = plan.Ready{TCP: 1, Timeout: 200 * time.Millisecond}
	early := dies
	early.Ready.TCP = 1
	missing := service("db")
	missing.Command, missing.Ready.TCP = []string{"no-such-program"}, 1
	nobody := service("db", "sleep", "1h")
	nobody.User, nobody.Ready.TCP = "nobody", 1
	for name, c := range map[string]struct {
		service  plan.Service
		why, log string
	}{
		"dies":        {dies, "ended with code 9 before the step did", "out of memory"},
		"dies early":  {early, "ended with code 9 before it was ready", "out of memory"},
		"never ready": {never, "not ready after 200ms", ""},
		"no command":  {missing, "ended with code 127", `command "no-such-program" not found in PATH "/bin"`},
		"no user":     {nobody, "ended with code 125", `no user "nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := step("fails", "sleep", "2h")
			s.Services = plan.Addressed([]plan.Service{c.service})
			r := run(t, engine(t, Options{}, s), s)
			if r.Status != plan.StatusFailed || r.Service == nil {
				t.Fatalf("%+v", r)
			}
			if f := r.Service; f.Name != "db" || !strings.Contains(f.Reason, c.why) || f.Range.StartLine != 7 {
				t.Errorf("failure %+v, want %q", f, c.why)
			}
			if !strings.Contains(r.Reason, `service "db"`) || !strings.Contains(left(t, r, r.Service.Log), c.log) {
				t.Errorf("reason %q, log %q", r.Reason, left(t, r, r.Service.Log))
			}
		})
	}
	if out, _ := exec.Command("pgrep", "-f", "^/bin/teststep sleep").Output(); len(out) > 0 {
		t.Errorf("something lives on: %s", out)
	}
}

// Root in a step has power over its own files and processes, and no more.
func TestStepsAreConfined(t *testing.T) {
	s := step("forbidden", "forbidden")
	r := run(t, engine(t, Options{}, s), s)
	if r.Status != plan.StatusPassed {
		t.Fatalf("%+v: %s", r, left(t, r, "stderr"))
	}
	allowed := []string{"own file", "owner", "other's file", "low port", "user"}
	seen := 0
	for line := range strings.Lines(left(t, r, "stdout")) {
		what, how, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if seen++; slices.Contains(allowed, what) != (how == "<nil>") {
			t.Errorf("%s: %s", what, how)
		}
	}
	if seen != 18 {
		t.Errorf("%d lines:\n%s", seen, left(t, r, "stdout"))
	}
	// Of a command that does not give up anything itself.
	quiet := step("quiet", "sleep", "100ms")
	r = run(t, engine(t, Options{}, quiet), quiet)
	rec, err := initrec.Read(filepath.Join(r.Dir, initrec.RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(initrec.DefaultCapabilities()))
	for name, got := range map[string][]string{"effective": rec.Process.Capabilities, "bounding": rec.Process.Bounding} {
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s capabilities %q", name, got)
		}
	}
	if !rec.Process.NoNewPrivs || !rec.Process.Seccomp {
		t.Errorf("no new privileges %v, system call filter %v", rec.Process.NoNewPrivs, rec.Process.Seccomp)
	}
}
