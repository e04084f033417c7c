package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sixtyhq/sixty/internal/plan"
)

// Markdown is the report for people: in a pull request, a job's summary, a
// release.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s: %s\n\n%s\n\n", escape(r.CrateName), escape(r.CrateVersion), r.DeploymentStatus, escape(r.Recommendation))
	b.WriteString("| stage | time | budget | cached | status |\n| --- | ---: | ---: | ---: | --- |\n")
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", escape(s.Name), Duration(s.DurationMS), s.BudgetText(), s.CachedText(), Word(s.Status))
	}
	b.WriteString("\n| gate | level | status | CPU | |\n| --- | --- | --- | ---: | --- |\n")
	for _, g := range r.Gates {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", escape(g.Name), escape(g.Level), Word(g.Status), Duration(g.CPUMS), escape(g.Message))
	}
	b.WriteString("\n| level | |\n| --- | --- |\n")
	for _, l := range r.Levels {
		text := "reached"
		if !l.Ready {
			text = "not reached: " + strings.Join(l.Missing, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", escape(l.Name), escape(text))
	}
	if len(r.Outputs) > 0 {
		b.WriteString("\n| output | value |\n| --- | --- |\n")
		for _, o := range r.Outputs {
			fmt.Fprintf(&b, "| %s | %s |\n", escape(o.Name), escape(o.Text()))
		}
	}
	if len(r.Artifacts) > 0 {
		b.WriteString("\n| artifact | bytes | sha256 |\n| --- | ---: | --- |\n")
		for _, a := range r.Artifacts {
			fmt.Fprintf(&b, "| %s | %d | %s |\n", escape(a.Name), a.Bytes, code(a.SHA256))
		}
	}
	r.Claims.markdown(&b)
	b.WriteString("\n")
	for _, i := range r.Images {
		fmt.Fprintf(&b, "Image %s: %s (%s)\n", escape(i.Name), escape(i.Ref), escape(i.Origin))
	}
	fmt.Fprintf(&b, "\nRun %s by sixty %s on %s, started %s, %s in all.\n", escape(r.SessionID), escape(r.Sixty), escape(r.Engine),
		r.StartedAt.UTC().Format(time.RFC3339), Duration(r.TotalDurationMS))
	if r.Attestation.Signed {
		fmt.Fprintf(&b, "Signed: %s.\n", code(r.Attestation.Bundle))
	} else {
		b.WriteString("Not signed.\n")
	}
	return b.String()
}

// escape keeps text of the crate from being read as Markdown or HTML: it stays
// one line of one cell, and what it shows is what it is.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\`*_[]|~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			// Line breaks, and marks that turn the direction of what follows.
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code is text of the crate in the form of code. A span of code has no
// escapes, so backquotes become quotes, and a bar keeps the escape that a
// table asks for.
func code(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return '\''
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r
	}, s)
	return "`" + strings.ReplaceAll(s, "|", `\|`) + "`"
}

// Duration writes milliseconds for people: 12 ms, 3.4 s, 1m05s.
func Duration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", ms)
	case d < time.Minute-50*time.Millisecond: // what would not be rounded to a minute
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// BudgetText is the budget, marked when it is exceeded.
func (s Stage) BudgetText() string {
	switch {
	case s.BudgetMS == 0:
		return "–"
	case s.BudgetExceeded:
		return Duration(s.BudgetMS) + " (exceeded)"
	default:
		return Duration(s.BudgetMS)
	}
}

// CachedText is how many of the steps that the engine ran were answered from
// the cache: "3/4". Work of sixty's own process has no key and does not count.
func (s Stage) CachedText() string {
	cached, all := 0, 0
	for _, step := range s.Steps {
		if step.Key == "" || slices.Contains([]plan.Status{plan.StatusSkipped, plan.StatusNotRun}, step.Status) {
			continue
		}
		all++
		if step.Cached {
			cached++
		}
	}
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%d/%d", cached, all)
}

// Word is a status as a reader expects it.
func Word(s plan.Status) string { return strings.ReplaceAll(string(s), "_", " ") }
