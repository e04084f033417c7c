package statement

import (
	_ "embed"
	"errors"
	"fmt"
	"time"
)

// ReportType is the type of sixty's own predicate; spec/report/v1 in this
// package describes it.
const ReportType = "https://github.com/sixtyhq/sixty/tree/main/attest/statement/spec/report/v1"

// ReportSchema is the JSON Schema (2020-12) of [Report].
//
//go:embed spec/report/v1/schema.json
var ReportSchema []byte

// Status is what a run decided.
type Status string

const (
	Ready    Status = "READY"
	NotReady Status = "NOT_READY"
)

// GateStatus is how a gate came out. A gate that did not run has not passed.
type GateStatus string

const (
	GatePassed GateStatus = "passed"
	GateFailed GateStatus = "failed"
	GateNotRun GateStatus = "not run"
)

// SeverityWarning marks a gate that keeps no level away.
const SeverityWarning = "warning"

// Report is the verdict of one run.
type Report struct {
	// Run is the id of the run.
	Run        string    `json:"run"`
	Crate      Crate     `json:"crate"`
	StartedOn  time.Time `json:"startedOn"`
	FinishedOn time.Time `json:"finishedOn"`
	// Level is the readiness level that was asked for, Status the answer.
	Level  string `json:"level"`
	Status Status `json:"status"`
	// Levels stand from the least demanding to the most; each includes the
	// gates of those before it.
	Levels []Level `json:"levels"`
	Gates  []Gate  `json:"gates"`
	Claims Claims  `json:"claims,omitzero"`
}

// Crate names what the run was about.
type Crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Level is the answer for one readiness level.
type Level struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	// Missing names the gates that keep the level away.
	Missing []string `json:"missing,omitempty"`
}

// Gate is one check and how it came out.
type Gate struct {
	Name  string `json:"name"`
	Level string `json:"level"`
	// Severity is [SeverityWarning] for a gate that only informs.
	Severity string     `json:"severity,omitempty"`
	Status   GateStatus `json:"status"`
	Message  string     `json:"message,omitempty"`
}

// Claims holds what was measured beyond the gates. A claim that was not
// measured is absent, which is neither true nor false.
type Claims struct {
	Hermetic      *Claim `json:"hermetic,omitempty"`
	Deterministic *Claim `json:"deterministic,omitempty"`
	Reproducible  *Claim `json:"reproducible,omitempty"`
}

// Claim is a property that was measured.
type Claim struct {
	Holds bool `json:"holds"`
	// Varied names the conditions that were changed between the runs that
	// were compared, NotVaried those that were not.
	Varied    []string `json:"varied,omitempty"`
	NotVaried []string `json:"notVaried,omitempty"`
	// Evidence holds the digests that were compared or recorded.
	Evidence []Resource `json:"evidence,omitempty"`
	// Detail says in words where it does not hold, or its exceptions.
	Detail string `json:"detail,omitempty"`
}

// PredicateType returns [ReportType].
func (Report) PredicateType() string { return ReportType }

// Validate asks for a report that does not contradict itself: READY needs the
// asked level to be ready, and a ready level has no gate, of its own or of a
// level below, that did not pass.
func (r Report) Validate() error {
	if r.Run == "" || r.Crate.Name == "" || r.FinishedOn.IsZero() {
		return errors.New("run, crate.name and finishedOn are needed")
	}
	if r.Status != Ready && r.Status != NotReady {
		return fmt.Errorf("status is %q, not READY or NOT_READY", r.Status)
	}
	for _, l := range r.Levels {
		if l.Ready && len(l.Missing) > 0 {
			return fmt.Errorf("level %s is ready although %q is missing", l.Name, l.Missing[0])
		}
	}
	asked := r.levelIndex(r.Level)
	if asked < 0 {
		return fmt.Errorf("the asked level %q is not among the levels", r.Level)
	}
	if (r.Status == Ready) != r.Levels[asked].Ready {
		return fmt.Errorf("status %s contradicts level %s", r.Status, r.Level)
	}
	for _, g := range r.Gates {
		needs := r.levelIndex(g.Level)
		if g.Status == GatePassed || g.Severity == SeverityWarning || needs < 0 {
			continue
		}
		for _, l := range r.Levels[needs:] {
			if l.Ready {
				return fmt.Errorf("level %s is ready although gate %q is %s", l.Name, g.Name, g.Status)
			}
		}
	}
	return nil
}

// ClaimNames are the names that [Claims.Claim] knows.
var ClaimNames = []string{"hermetic", "deterministic", "reproducible"}

// Claim returns a claim by its name in JSON, nil when it was not measured.
func (c Claims) Claim(name string) *Claim {
	switch name {
	case "hermetic":
		return c.Hermetic
	case "deterministic":
		return c.Deterministic
	case "reproducible":
		return c.Reproducible
	}
	return nil
}
