package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestServicesRunBesideTheCommand(t *testing.T) {
	addr := freeAddress(t)
	ready := filepath.Join(t.TempDir(), "ready")
	spec := initrec.Spec{Services: []initrec.Service{
		{Name: "web", Command: []string{self(t), asHelper, "serve", addr}, Ready: initrec.Ready{TCP: addr}},
		// Stops by itself when asked, and only then: its log must have the end.
		{Name: "slow", Command: []string{"bash", "-c", `trap 'echo stopped; exit 0' TERM; echo "$GREETING"; touch "$0"; while :; do sleep 0.01; done`, ready},
			Env: []string{"GREETING=hello"}, Ready: initrec.Ready{Command: []string{"test", "-e", ready}}},
	}}
	r := runInit(t, spec, self(t), asHelper, "talk-outside", addr)
	if r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	if got := r.file(t, "services/web.log"); got != "serving\n" {
		t.Errorf("log of web: %q", got)
	}
	if got := r.file(t, "services/slow.log"); !strings.HasPrefix(got, "hello\n") || !strings.HasSuffix(got, "stopped\n") {
		t.Errorf("log of slow: %q", got)
	}
	for _, s := range r.rec.Services {
		if s.Error != "" || s.ExitCode != nil {
			t.Errorf("service %+v", s)
		}
	}
	if r.rec.Leftover != 0 {
		t.Errorf("%d processes left over", r.rec.Leftover)
	}
	noneAlive(t, addr)
}

func TestServiceThatFails(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	for name, c := range map[string]struct {
		service initrec.Service
		want    string
	}{
		"ends":      {initrec.Service{Command: []string{"sh", "-c", "echo why; exit 4"}, Ready: initrec.Ready{TCP: freeAddress(t)}}, "ended with code 4"},
		"not found": {initrec.Service{Command: []string{"no-such-service"}}, "not found"},
		"not ready": {initrec.Service{Command: []string{"sleep", unique()}, Ready: initrec.Ready{TCP: freeAddress(t), Timeout: 100 * time.Millisecond}}, "not ready"},
	} {
		c.service.Name = "db"
		r := runInit(t, initrec.Spec{Services: []initrec.Service{c.service}}, "touch", ran)
		if r.code != initrec.ExitInit || !strings.Contains(r.rec.Error, c.want) {
			t.Errorf("%s: exit code %d, error %q", name, r.code, r.rec.Error)
		}
		if got := r.file(t, initrec.StdoutFile); got != "" {
			t.Errorf("%s: stdout %q", name, got)
		}
	}
	if files, _ := filepath.Glob(ran); len(files) > 0 {
		t.Error("the command ran without its service")
	}
	noneAlive(t, unique())
}
