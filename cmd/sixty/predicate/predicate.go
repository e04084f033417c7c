// Package predicate puts a report into the form that is signed.
package predicate

import (
	"time"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/report"
)

// Of is the report in the form that is signed. Claims are what was measured
// beyond the gates.
func Of(r report.Report, claims statement.Claims) statement.Report {
	p := statement.Report{
		Run: r.SessionID, Crate: statement.Crate{Name: r.CrateName, Version: r.CrateVersion},
		StartedOn: r.StartedAt, FinishedOn: r.StartedAt.Add(time.Duration(r.TotalDurationMS) * time.Millisecond),
		Level: r.Level, Status: statement.Status(r.DeploymentStatus), Claims: claims,
	}
	for _, l := range r.Levels {
		p.Levels = append(p.Levels, statement.Level{Name: l.Name, Ready: l.Ready, Missing: l.Missing})
	}
	for _, g := range r.Gates {
		p.Gates = append(p.Gates, statement.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: statement.GateStatus(report.Word(g.Status)), Message: g.Message})
	}
	return p
}
