package cache

import (
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/plan"
)

// Last is what is known of a step from the time when it ran last.
type Last struct {
	Key    plan.Key
	Status plan.Status
}

// Now is a graph that would run, or has run, with its keys by step ID.
type Now struct {
	Graph *plan.Graph
	Keys  map[string]plan.Key
}

// Outlook is what a step's key lets one expect.
type Outlook string

const (
	// Unchanged: the same work has passed, so the engine knows its results for
	// as long as it keeps them.
	Unchanged Outlook = "unchanged"
	// Changed: the step's work is another one than last time.
	Changed Outlook = "changed"
	// New: there is no record of the step.
	New Outlook = "new"
	// Failed: the same work did not pass, and failures are never cached.
	Failed Outlook = "failed"
	// Always: the step runs in sixty's own process, which caches nothing.
	Always Outlook = "always"
	// Skipped: the step does not run.
	Skipped Outlook = "skipped"
)

// Explanation says of one step why it runs, or why it need not.
type Explanation struct {
	Step    string  `json:"step"`
	Outlook Outlook `json:"outlook"`
	// Reason is why the step is skipped.
	Reason string `json:"reason,omitempty"`
	// LastStatus is how it ended when it ran last.
	LastStatus plan.Status `json:"last_status,omitempty"`
	// Causes are all that changed, the first causes of what changed for this
	// step alone coming before those that reach it through others.
	Causes []Cause `json:"causes,omitempty"`
}

// Cause is one thing that is not as it was.
type Cause struct {
	// Step is the step whose part it is.
	Step string `json:"step"`
	// Part names it as in the step's key: command, image, env NAME, mount PATH, …
	Part string `json:"part"`
	// Before and After are the values; empty where there is none. What a step
	// mounts is known by digest.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Files are the files of a mounted tree that differ, when both trees can
	// still be read.
	Files []FileChange `json:"files,omitempty"`
	// Through are the steps that carry the change on to the explained one,
	// which is the last; the first is Step.
	Through []string `json:"through"`
}

// Trees reads which files differ between two trees that are known by the
// digests of their blobs; false where one of them can't be read any more.
type Trees func(before, after string) ([]FileChange, bool)

// Explain says of every step of now, in declaration order, how its work differs
// from when the step ran last, and follows each difference to the step that it
// began at. trees may be nil.
func Explain(last map[string]Last, now Now, trees Trees) []Explanation {
	x := explainer{last: last, now: now, trees: trees, steps: map[string]plan.Step{}, known: map[string][]Cause{}}
	all := now.Graph.Steps()
	for _, s := range all {
		x.steps[s.ID] = s
	}
	out := make([]Explanation, 0, len(all))
	for _, s := range all {
		out = append(out, x.explain(s))
	}
	return out
}

type explainer struct {
	last  map[string]Last
	now   Now
	trees Trees
	steps map[string]plan.Step
	known map[string][]Cause // by step; in work while nil
}

func (x *explainer) explain(s plan.Step) Explanation {
	last, ran := x.last[s.ID]
	e := Explanation{Step: s.ID, LastStatus: last.Status}
	switch {
	case s.Skipped != "":
		e.Outlook, e.Reason = Skipped, s.Skipped
	case s.Runner != "":
		e.Outlook = Always
	case !ran:
		e.Outlook = New
	case last.Key.Digest == x.now.Keys[s.ID].Digest && last.Status == plan.StatusPassed:
		e.Outlook = Unchanged
	case last.Key.Digest == x.now.Keys[s.ID].Digest:
		e.Outlook = Failed
	default:
		e.Outlook, e.Causes = Changed, x.causes(s)
	}
	return e
}

// causes are the differences of a step that has run before.
func (x *explainer) causes(s plan.Step) []Cause {
	if known, ok := x.known[s.ID]; ok {
		return known
	}
	x.known[s.ID] = nil // a graph has no cycles; this ends on one all the same
	var own, through []Cause
	for _, d := range differences(x.last[s.ID].Key.Parts, x.now.Keys[s.ID].Parts) {
		upstream, isOutput := x.upstream(s, d)
		if !isOutput {
			d.Step, d.Through, d.Files = s.ID, []string{s.ID}, x.files(d)
			own = append(own, d)
			continue
		}
		_, ran := x.last[upstream]
		carried := []Cause{{Step: upstream, Part: "first run", Through: []string{upstream}}}
		if ran {
			carried = x.causes(x.steps[upstream])
		}
		for _, c := range carried {
			c.Through = append(slices.Clone(c.Through), s.ID)
			if !slices.ContainsFunc(through, func(have Cause) bool { return have.Step == c.Step && have.Part == c.Part }) {
				through = append(through, c)
			}
		}
	}
	// What changed here and upstream alike, as the source tree does, is told
	// once: here.
	through = slices.DeleteFunc(through, func(c Cause) bool {
		return slices.ContainsFunc(own, func(o Cause) bool { return o.Part == c.Part && o.Before == c.Before && o.After == c.After })
	})
	x.known[s.ID] = append(own, through...)
	return x.known[s.ID]
}

// upstream is the step whose output a part is, when what changed about the part
// is that step's work and nothing else.
func (x *explainer) upstream(s plan.Step, d Cause) (string, bool) {
	target, ok := strings.CutPrefix(d.Part, "mount ")
	if !ok {
		return "", false
	}
	for _, m := range s.Mounts {
		if m.Target != target || m.Source.Kind != plan.SourceOutput {
			continue
		}
		// "output NAME of DIGEST"; see plan.Keys.
		same := strings.ReplaceAll(d.After, x.now.Keys[m.Source.Step].Digest, "")
		return m.Source.Step, same == strings.ReplaceAll(d.Before, x.last[m.Source.Step].Key.Digest, "")
	}
	return "", false
}

func (x *explainer) files(d Cause) []FileChange {
	before, wasBlob := blobOf(d.Before)
	after, isBlob := blobOf(d.After)
	if x.trees == nil || !wasBlob || !isBlob {
		return nil
	}
	changes, _ := x.trees(before, after)
	return changes
}

// blobOf is the digest in the key of a mounted blob.
func blobOf(value string) (string, bool) {
	digest, ok := strings.CutPrefix(value, string(plan.SourceBlob)+" ")
	return strings.TrimSuffix(digest, " writable"), ok
}

// differences are the parts that two keys do not share, in the order of names.
func differences(before, after []plan.KeyPart) []Cause {
	values := func(parts []plan.KeyPart) map[string]string {
		out := map[string]string{}
		for _, p := range parts {
			out[p.Name] = p.Value
		}
		return out
	}
	was, is := values(before), values(after)
	var names []string
	for _, parts := range [][]plan.KeyPart{before, after} {
		for _, p := range parts {
			_, a := was[p.Name]
			_, b := is[p.Name]
			if (was[p.Name] != is[p.Name] || a != b) && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	out := make([]Cause, 0, len(names))
	for _, name := range names {
		out = append(out, Cause{Part: name, Before: was[name], After: is[name]})
	}
	return out
}
