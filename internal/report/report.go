// Package report puts a run into its lasting form: report.json, for which a
// JSON Schema is published here, and a summary in Markdown. It adds no facts:
// every field is copied or added up from results, gates and digests.
package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
)

// SchemaURI identifies the form of the report.
const SchemaURI = "https://github.com/sixtyhq/sixty/blob/main/internal/report/schema.json"

// Report is one run.
type Report struct {
	Schema    string `json:"$schema"`
	SessionID string `json:"session_id"`
	// CrateName is the name of the crate, or of the workspace's folder.
	CrateName    string    `json:"crate_name"`
	CrateVersion string    `json:"crate_version,omitempty"`
	Template     *Template `json:"template,omitempty"`
	StartedAt    time.Time `json:"started_at"`
	// TotalDurationMS is the wall time up to the writing of this report.
	TotalDurationMS int64  `json:"total_duration_ms"`
	Sixty           string `json:"sixty_version"`
	Engine          string `json:"engine"`
	// Source is the digest of the sources that every gate saw.
	Source string  `json:"source_digest"`
	Images []Image `json:"images"`
	Stages []Stage `json:"stages"`
	// Metrics holds what was measured; a figure that was not is absent.
	Metrics    verdict.Metrics `json:"metrics"`
	Gates      []Gate          `json:"gates"`
	Outputs    []Output        `json:"outputs,omitempty"`
	Validation Validation      `json:"validation"`
	Levels     []Level         `json:"levels"`
	// Level is the readiness level that was asked for.
	Level string `json:"level"`
	// NetworkSteps are the executed steps that had the network.
	NetworkSteps     []string    `json:"network_steps"`
	Artifacts        []Artifact  `json:"artifacts"`
	Claims           Claims      `json:"claims,omitzero"`
	Attestation      Attestation `json:"attestation"`
	DeploymentStatus string      `json:"deployment_status"`
	Recommendation   string      `json:"recommendation"`
	Warnings         []string    `json:"warnings,omitempty"`
}

// The values of DeploymentStatus.
const (
	Ready    = "READY"
	NotReady = "NOT_READY"
)

// Template is the pack that the crate was generated from.
type Template struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Source  string `json:"source"`
	// Dependencies are the packs that were rendered with it, as it depends on
	// them.
	Dependencies []Pack `json:"dependencies,omitempty"`
	// Answers are what SPARQL endpoints answered to its templates.
	Answers []Answer `json:"answers,omitempty"`
}

// Pack is a pack that a template depends on.
type Pack struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Source  string `json:"source"`
}

// Answer is what a SPARQL endpoint answered, by digest.
type Answer struct {
	Endpoint string `json:"endpoint"`
	Query    string `json:"query"`
	SHA256   string `json:"sha256"`
}

// Image is a root file system that steps ran on.
type Image struct {
	Name   string `json:"name"`
	Ref    string `json:"ref"`
	Digest string `json:"digest"`
	Origin string `json:"origin"`
}

// Stage is one stage's time and end.
type Stage struct {
	Name   string      `json:"name"`
	Status plan.Status `json:"status"`
	Reason string      `json:"reason,omitempty"`
	// DurationMS is the wall time during which at least one of its steps ran:
	// steps of several stages share the machine.
	DurationMS     int64  `json:"duration_ms"`
	BudgetMS       int64  `json:"budget_ms,omitempty"`
	BudgetExceeded bool   `json:"budget_exceeded"`
	Steps          []Step `json:"steps"`
}

// Step is one step's end and what was measured of it.
type Step struct {
	ID         string      `json:"id"`
	Status     plan.Status `json:"status"`
	Reason     string      `json:"reason,omitempty"`
	Cached     bool        `json:"cached"`
	DurationMS int64       `json:"duration_ms"`
	ExitCode   *int        `json:"exit_code,omitempty"`
	// Executed is what was measured when the command ran; for a cached step
	// that was in an earlier run.
	Executed *plan.Record `json:"executed,omitempty"`
	Key      string       `json:"key,omitempty"`
	At       string       `json:"at,omitempty"`
	// Metrics holds what was measured of this step alone.
	Metrics verdict.Metrics `json:"metrics,omitempty"`
}

// Gate is one gate's end.
type Gate struct {
	Name     string      `json:"name"`
	Level    string      `json:"level"`
	Severity string      `json:"severity"`
	Status   plan.Status `json:"status"`
	Message  string      `json:"message,omitempty"`
	// Steps are the steps that it speaks of.
	Steps []string `json:"steps,omitempty"`
	// CPUMS is its share of the processor time of those steps and of the ones
	// that they start from, see Shares.
	CPUMS int64 `json:"cpu_ms,omitempty"`
}

// Output is a value of the pipeline.
type Output struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Value is absent when it is sensitive or not known.
	Value     json.RawMessage `json:"value,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	// Missing says why there is no value.
	Missing string `json:"missing,omitempty"`
}

// Text is the value for people: text as it is, all else as JSON.
func (o Output) Text() string {
	var text string
	switch {
	case o.Sensitive:
		return "(sensitive)"
	case o.Value == nil:
		return "(unknown: " + o.Missing + ")"
	case json.Unmarshal(o.Value, &text) == nil:
		return text
	}
	return string(o.Value)
}

// Validation is how the gates of the validation stage ended, by the names that
// people look for; a gate that the pipeline lacks is absent.
type Validation struct {
	PackageValid  plan.Status `json:"package_valid,omitempty"`
	Documentation plan.Status `json:"documentation,omitempty"`
	Audit         plan.Status `json:"security_audit,omitempty"`
	PublishDryRun plan.Status `json:"publish_dry_run,omitempty"`
}

// Level is a readiness level and what keeps the crate from it.
type Level struct {
	Name    string   `json:"name"`
	Ready   bool     `json:"ready"`
	Missing []string `json:"missing"`
}

// Artifact is a file that the run made.
type Artifact struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Attestation says how the report is signed. The bundle is made over the
// finished report, so the report can only say where it will lie.
type Attestation struct {
	Signed bool   `json:"signed"`
	Bundle string `json:"bundle,omitempty"`
	// KeyHint names the key as the bundle does.
	KeyHint string `json:"key_hint,omitempty"`
}

// JSON is the report as a file.
func (r Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the report: %w", err)
	}
	return append(b, '\n'), nil
}

// Parse reads a report file. It refuses what is not a report of this form; the
// text in it is as hostile as whoever wrote the file.
func Parse(b []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return Report{}, fmt.Errorf("read the report: %w", err)
	}
	if r.Schema != SchemaURI {
		return Report{}, fmt.Errorf("read the report: its $schema is %q, not %q", r.Schema, SchemaURI)
	}
	if r.DeploymentStatus != Ready && r.DeploymentStatus != NotReady {
		return Report{}, fmt.Errorf("read the report: its deployment_status is %q, neither %s nor %s", r.DeploymentStatus, Ready, NotReady)
	}
	return r, nil
}

// Stages groups results by the graph's stages, in its order. host holds the
// results of work that was done before there was a graph.
func Stages(g *plan.Graph, host, results []plan.Result) []Stage {
	byStage := map[string][]plan.Result{}
	for _, r := range append(append([]plan.Result{}, host...), results...) {
		byStage[r.Stage] = append(byStage[r.Stage], r)
	}
	var out []Stage
	for _, s := range g.Stages {
		out = append(out, stage(s, byStage[s.Name]))
	}
	return out
}

func stage(s plan.Stage, results []plan.Result) Stage {
	out := Stage{Name: s.Name, BudgetMS: s.Budget.Milliseconds(), Status: plan.StatusSkipped, Reason: s.Skipped, Steps: []Step{}}
	var spans []span
	for _, r := range results {
		step := Step{ID: r.Step, Status: r.Status, Reason: r.Reason, Cached: r.Cached, DurationMS: r.Duration().Milliseconds(),
			ExitCode: r.ExitCode, Executed: r.Record, Key: r.Key}
		if r.Range.File != "" {
			step.At = fmt.Sprintf("%s:%d", r.Range.File, r.Range.StartLine)
		}
		out.Steps = append(out.Steps, step)
		out.Status = worse(out.Status, r.Status)
		spans = append(spans, span{r.Started, r.Ended})
	}
	// Judged as it is shown: in whole milliseconds.
	if out.Status == plan.StatusSkipped && out.Reason == "" {
		out.Reason = "none of its steps ran"
	}
	took := covered(spans).Truncate(time.Millisecond)
	out.DurationMS = took.Milliseconds()
	out.BudgetExceeded = s.OverBudget(took)
	return out
}

type span struct{ from, to time.Time }

// covered is the time that lies in at least one span.
func covered(spans []span) time.Duration {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var total time.Duration
	var end time.Time
	for _, s := range spans {
		if s.from.Before(end) {
			s.from = end
		}
		if s.to.After(s.from) {
			total += s.to.Sub(s.from)
			end = s.to
		}
	}
	return total
}

// worse is the status of a stage after one more step: a stage ends as the worst
// of its steps.
func worse(a, b plan.Status) plan.Status {
	ascending := []plan.Status{
		plan.StatusSkipped, plan.StatusPassed, plan.StatusNotRun, plan.StatusFailed,
		plan.StatusTimedOut, plan.StatusCanceled, plan.StatusError,
	}
	if slices.Index(ascending, b) > slices.Index(ascending, a) {
		return b
	}
	return a
}

// Recommend says in a sentence what to do next.
func Recommend(v verdict.Verdict) string {
	if v.Ready {
		for _, l := range v.Levels {
			if !l.Ready && len(l.Missing) > 0 {
				return fmt.Sprintf("Ready at level %s. For level %s: %s.", v.Reached, l.Name, strings.Join(l.Missing, ", "))
			}
			if !l.Ready {
				return fmt.Sprintf("Ready at level %s. No gate of the pipeline belongs to level %s.", v.Reached, l.Name)
			}
		}
		return fmt.Sprintf("Ready at level %s, the highest there is.", v.Reached)
	}
	var todo []string
	for _, l := range v.Levels {
		if l.Name == v.Asked {
			todo = l.Missing
		}
	}
	if len(todo) == 0 {
		return fmt.Sprintf("Not ready: no gate belongs to level %s.", v.Asked)
	}
	return fmt.Sprintf("Not ready at level %s: %s.", v.Asked, strings.Join(todo, ", "))
}
