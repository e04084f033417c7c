package deploy

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
)

// Facts are what is known of a run whose steps have ended.
type Facts struct {
	// Sixty is the version of this program, Engine the engine's name.
	Sixty, Engine string
	Started       time.Time
	// Template is nil for a crate that existed.
	Template *report.Template
	Crate    *crate.Crate
	// Source is the digest of the source tree.
	Source string
	Graph  *plan.Graph
	// Host are the results of what ran in this process.
	Host    []plan.Result
	Results []plan.Result
	// Measured are the figures of each step, by its ID.
	Measured map[string]verdict.Metrics
	Verdict  verdict.Verdict
	// Judged is when the last step had ended.
	Judged   time.Time
	Warnings []string
}

// Judge measures what the steps left behind and judges it at a level. More are
// results of gates that the pipeline does not have. What could not be read
// comes back as text, mistakes in gates as diagnostics.
func (f *Facts) Judge(p *config.Pipeline, level string, more ...verdict.GateResult) (unread []string, diags hcl.Diagnostics) {
	f.Judged = time.Now()
	f.Measured, unread = stages.Measure(f.Graph, f.Results, f.Crate)
	left := verdict.Run{Graph: f.Graph, Results: f.Results, Measured: f.Measured}
	f.Verdict, diags = verdict.Judge(p, stages.Metrics(), left, level,
		slices.Concat(f.budgets(), verdict.Ungated(p, left), more)...)
	return unread, diags
}

// budgets judges the stages whose exceeded budget fails the run.
func (f *Facts) budgets() []verdict.GateResult {
	var out []verdict.GateResult
	for i, s := range report.Stages(f.Graph, f.Host, f.Results) {
		if planned := f.Graph.Stages[i]; planned.BudgetFails && planned.Budget > 0 && planned.Skipped == "" {
			ended := s.Status
			if slices.ContainsFunc(planned.Steps, func(s plan.Step) bool { return s.Skipped == stages.NotSelected }) {
				ended = plan.StatusNotRun
			}
			out = append(out, verdict.Budget(planned, ended, time.Duration(s.DurationMS)*time.Millisecond))
		}
	}
	return out
}

// Report gathers what is known into the report. Artifacts are what was exported
// of the run.
func (f *Facts) Report(artifacts []report.Artifact) report.Report {
	r := report.Report{
		Schema: report.SchemaURI, SessionID: rand.Text(), CrateName: f.Crate.Name, CrateVersion: f.Crate.Version,
		Template: f.Template, StartedAt: f.Started.UTC(), Sixty: f.Sixty, Engine: f.Engine, Source: f.Source,
		Images: []report.Image{}, Metrics: f.Verdict.Metrics, Gates: []report.Gate{}, Level: f.Verdict.Asked,
		NetworkSteps: []string{}, Artifacts: artifacts, DeploymentStatus: report.NotReady,
		Recommendation: report.Recommend(f.Verdict), Warnings: f.Warnings,
	}
	for _, i := range f.Graph.Images {
		r.Images = append(r.Images, report.Image{Name: i.Name, Ref: i.Ref, Digest: i.Digest, Origin: i.Origin})
	}
	reporting := plan.Result{Step: "reporting.report", Stage: "reporting", Name: "report", Status: plan.StatusPassed, Started: f.Judged, Ended: time.Now()}
	r.Stages = report.Stages(f.Graph, append(slices.Clone(f.Host), reporting), f.Results)
	for _, stage := range r.Stages {
		for i, step := range stage.Steps {
			stage.Steps[i].Metrics = f.Measured[step.ID]
		}
	}
	for _, o := range f.Verdict.Outputs {
		r.Outputs = append(r.Outputs, report.Output(o))
	}
	status := map[string]plan.Status{}
	var spoken [][]string
	for _, g := range f.Verdict.Gates {
		spoken = append(spoken, g.Steps)
	}
	shares := report.Shares(f.Graph, f.Results, spoken)
	for i, g := range f.Verdict.Gates {
		status[g.Name] = g.Status
		r.Gates = append(r.Gates, report.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: g.Status, Message: g.Message,
			Steps: g.Steps, CPUMS: shares[i]})
	}
	r.Validation = report.Validation{PackageValid: status["package"], Documentation: status["docs"], Audit: status["audit"], PublishDryRun: status["publish"]}
	for _, l := range f.Verdict.Levels {
		missing := l.Missing
		if missing == nil {
			missing = []string{}
		}
		r.Levels = append(r.Levels, report.Level{Name: l.Name, Ready: l.Ready, Missing: missing})
	}
	for _, res := range slices.Concat(f.Host, f.Results) {
		if res.Record != nil && res.Record.LoopbackOnly != nil && !*res.Record.LoopbackOnly {
			r.NetworkSteps = append(r.NetworkSteps, res.Step)
		}
	}
	if f.Verdict.Ready {
		r.DeploymentStatus = report.Ready
	}
	r.TotalDurationMS = time.Since(f.Started).Milliseconds()
	return r
}

// StagesPassed reports whether a run that was limited to some stages says yes: no
// step said no, and no gate of the level that was asked for or a lower one.
func (f *Facts) StagesPassed() bool {
	for _, res := range f.Results {
		switch res.Status {
		case plan.StatusPassed, plan.StatusSkipped:
		case plan.StatusNotRun:
			if res.Reason == "" {
				return false
			}
		default:
			return false
		}
	}
	levels := config.Levels()
	asked := slices.Index(levels, f.Verdict.Asked)
	for _, g := range f.Verdict.Gates {
		if g.Status == plan.StatusFailed && g.Severity != "warning" && slices.Index(levels, g.Level) <= asked {
			return false
		}
	}
	return true
}
