package preview

import (
	"fmt"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/report"
)

// Text is the plan for people.
func (p Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", p.CrateName, p.CrateVersion)
	if p.Template != "" {
		fmt.Fprintf(&b, ", from the template %s", p.Template)
	}
	fmt.Fprintf(&b, "\nsource %s\n", p.Source)
	for _, i := range p.Images {
		digest := "unknown"
		if i.Digest != nil {
			digest = *i.Digest
		}
		fmt.Fprintf(&b, "\nimage %s\n", i.Name)
		line(&b, "digest", digest)
		line(&b, "from", i.Ref)
		line(&b, "origin", i.Origin)
	}
	for _, s := range p.Stages {
		p.stage(&b, s)
	}
	b.WriteString("\n")
	for _, u := range p.Unknown {
		fmt.Fprintf(&b, "Unknown before the run: %s: %s.\n", u.What, u.Why)
	}
	if len(p.Unknown) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(p.Summary())
	return b.String()
}

func (p Plan) stage(b *strings.Builder, s Stage) {
	fmt.Fprintf(b, "\nstage %s", s.Name)
	if s.BudgetMS > 0 {
		fmt.Fprintf(b, ", budget %s", report.Duration(s.BudgetMS))
		if s.BudgetFails {
			b.WriteString(", which fails the run")
		}
	}
	if s.Skipped != "" {
		fmt.Fprintf(b, ", skipped: %s", s.Skipped)
	}
	b.WriteString("\n")
	for _, step := range s.Steps {
		p.step(b, step)
	}
}

func (p Plan) step(b *strings.Builder, s Step) {
	if s.Skipped != "" {
		fmt.Fprintf(b, "\n  step %s, skipped: %s\n", s.ID, s.Skipped)
		return
	}
	fmt.Fprintf(b, "\n  step %s", s.ID)
	if s.At != "" {
		fmt.Fprintf(b, "  (%s)", s.At)
	}
	b.WriteString("\n")
	for _, row := range p.Rows(s) {
		line(b, row[0], row[1])
	}
}

// Rows is what the text says of a step, by name; a name may stand more than
// once.
func (p Plan) Rows(s Step) [][2]string {
	var rows [][2]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, value})
		}
	}
	if s.Runner != "" {
		add("run by", "sixty itself ("+s.Runner+")")
	}
	add("run", command(s.Command))
	add("image", s.Image)
	add("folder", s.Dir)
	for _, m := range s.Mounts {
		add("mount", m.Target+"  "+p.source(m))
	}
	for _, service := range s.Services {
		add("service", service.Name+"  on image "+service.Image+"  "+command(service.Command))
	}
	if c := s.Conditions; c != nil {
		add("host", c.Hostname)
		if c.CPUs > 0 {
			add("cpus", fmt.Sprint(c.CPUs))
		}
	}
	add("env", strings.Join(s.EnvNames, ", "))
	if s.Network == "host" {
		add("network", "yes")
	}
	if s.TimeoutMS > 0 {
		add("timeout", report.Duration(s.TimeoutMS))
	}
	for _, o := range s.Outputs {
		add("output", o.Name+"  "+o.Path)
	}
	add("after", strings.Join(s.After, ", "))
	add("metrics", strings.Join(s.Metrics, ", "))
	if s.Key != nil {
		add("key", *s.Key)
	} else {
		add("key", "unknown: "+s.KeyUnknown)
	}
	add("last run", s.LastRun.String())
	return rows
}

func line(b *strings.Builder, name, value string) {
	if value != "" {
		fmt.Fprintf(b, "    %-8s  %s\n", name, value)
	}
}

// command is a command on one line, a script by its first one.
func command(words []string) string {
	var out []string
	for _, w := range words {
		first, rest, more := strings.Cut(strings.TrimSpace(w), "\n")
		switch {
		case more:
			out = append(out, fmt.Sprintf("%q … (%d lines)", first, 2+strings.Count(rest, "\n")))
		case w == "" || strings.ContainsAny(w, " \t\"'$\\"):
			out = append(out, fmt.Sprintf("%q", w))
		default:
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// source says where a mount's content comes from.
func (p Plan) source(m Mount) string {
	var text string
	switch m.Kind {
	case "blob":
		text = fmt.Sprintf("%s, %d bytes", m.Digest, m.Bytes)
		if m.Digest == p.Source {
			text = "the source"
		}
	case "fetch":
		text = count(len(m.Files), "file") + " from the network, by checksum"
	case "output":
		text = fmt.Sprintf("output %s of %s", m.Output, m.Step)
	case "earlier":
		text = fmt.Sprintf("output %s of an earlier run", m.Output)
	case "scratch":
		text = "empty"
	default:
		text = m.Kind + " " + m.Name
	}
	switch {
	case m.Writable && m.Kind == "cache":
		text += ", written to"
	case m.Writable:
		text += ", its own copy"
	}
	return text
}

// String says in words what is on record; a nil LastRun is "unknown".
func (l *LastRun) String() string {
	if l == nil {
		return "unknown: no run of it is on record"
	}
	how := "executed in " + report.Duration(l.DurationMS)
	if l.Cached {
		how = "answered from the cache"
	}
	text := fmt.Sprintf("%s on %s, %s", report.Word(l.Status), l.At.UTC().Format(time.DateTime), how)
	switch {
	case l.SameKey == nil:
		return text
	case *l.SameKey:
		return text + "; the same key as now"
	}
	return text + "; another key than now"
}

// Summary counts what would run, and what is on record of it.
func (p Plan) Summary() string {
	runs, skipped, cached, executed, unknown := 0, 0, 0, 0, 0
	for _, s := range p.Stages {
		for _, step := range s.Steps {
			switch {
			case step.Skipped != "":
				skipped++
				continue
			case step.LastRun == nil:
				unknown++
			case step.LastRun.Cached:
				cached++
			default:
				executed++
			}
			runs++
		}
	}
	text := fmt.Sprintf("%s to run, %d skipped, %s. When last run: %d answered from the cache, %d executed, %d unknown.\n",
		count(runs, "step"), skipped, count(len(p.Gates), "gate"), cached, executed, unknown)
	text += p.Schedule.text()
	if len(p.Targets) > 0 {
		text += fmt.Sprintf("Limited to %s and what that needs: such a run is never READY.\n", strings.Join(p.Targets, ", "))
	}
	return text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
