// Package enginetest has a crate and a pipeline that every engine must treat
// alike, and the answers. Each engine runs it in a test of its own.
package enginetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sixtyhq/sixty/internal/report"
)

// Secret is the value of the pipeline's secret "token", and Variable the
// variable of the environment that it is read from.
const (
	Secret   = "the fixture token"
	Variable = "SIXTY_FIXTURE_TOKEN"
)

// Answers are what must not depend on the engine.
type Answers struct {
	Status string            `json:"deployment_status"`
	Source string            `json:"source_digest"`
	Steps  map[string]Answer `json:"steps"`
	Gates  map[string]string `json:"gates"`
	// Artifacts are the SHA-256 of what steps made, but for programs, which
	// change with the image.
	Artifacts map[string]string `json:"artifacts"`
	Network   []string          `json:"network_steps"`
}

// Answer is how a step ended.
type Answer struct {
	Status   string `json:"status"`
	ExitCode *int   `json:"exit_code,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// program is the artifact that a compiler made.
const program = "program"

// Dir is the folder of the crate.
func Dir(t *testing.T) string { t.Helper(); return filepath.Join(here(t), "testdata", "fixture") }

func here(t *testing.T) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the place of the fixture is not known")
	}
	return filepath.Dir(file)
}

// Of takes the answers from a report.
func Of(r report.Report) Answers {
	a := Answers{Status: r.DeploymentStatus, Source: r.Source, Steps: map[string]Answer{}, Gates: map[string]string{}, Artifacts: map[string]string{}, Network: r.NetworkSteps}
	for _, stage := range r.Stages {
		for _, s := range stage.Steps {
			if s.Key != "" {
				// The path that a program was looked for in is the image's.
				reason, _, _ := strings.Cut(s.Reason, " in PATH ")
				a.Steps[s.ID] = Answer{string(s.Status), s.ExitCode, reason}
			}
		}
	}
	for _, g := range r.Gates {
		a.Gates[g.Name] = string(g.Status)
	}
	for _, art := range r.Artifacts {
		if art.Name != program {
			a.Artifacts[art.Name] = art.SHA256
		}
	}
	return a
}

// Check holds the report of an engine against the answers; update writes them.
func Check(t *testing.T, path string, update bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	got := Of(r)
	file := filepath.Join(here(t), "testdata", "answers.json")
	if update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var want Answers
	if text, err = os.ReadFile(file); err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Steps) == 0 || len(want.Artifacts) == 0 {
		t.Fatal("there are no answers")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the engine does it otherwise (-want +got):\n%s", diff)
	}
}
