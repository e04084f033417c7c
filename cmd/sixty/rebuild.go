package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/artifactdiff"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/provenance"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages"
)

// rebuilt is a build that was repeated in other surroundings.
type rebuilt struct {
	graph   *plan.Graph
	results []plan.Result
}

// elsewhere are fresh surroundings: nothing that was built in others can come
// from a cache. The time zone is fourteen hours ahead of UTC, so that for more
// than half of each day the date is another one too.
func elsewhere() stages.Surroundings {
	id := strings.ToLower(rand.Text()[:8])
	return stages.Surroundings{Prefix: "/rebuild-" + id, Hostname: "rebuild-" + id, TimeZone: "SXT-14", CPUs: 1}
}

// rebuild makes the artifacts of some steps once more, without a cache and in
// other surroundings. That a step fails there is a finding and no error.
func (a *app) rebuild(ctx context.Context, o *runOptions, e *executed, in stages.Input, steps []string, view *progress.Printer) (*rebuilt, error) {
	g, diags := stages.Rebuild(in, steps, elsewhere())
	if diags.HasErrors() {
		return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: e.Config.Files}
	}
	runner, err := e.eng.Runner(ctx, g, e.Pipeline.Secrets)
	if err != nil {
		return nil, err
	}
	view.Note("Building again in other surroundings, without a cache")
	results, err := run.Steps(ctx, g, run.Options{
		Engine: runner, Width: o.steps(),
		Started: func(s plan.Step) { view.Started(s.ID, s.Stage) }, Ended: view.Ended,
	})
	if err != nil {
		return nil, fmt.Errorf("build again: %w", err)
	}
	return &rebuilt{g, results}, context.Cause(ctx)
}

// reproduction is what comparing two builds of one source has shown.
type reproduction struct {
	Varied    []string   `json:"varied"`
	NotVaried []string   `json:"not_varied"`
	Artifacts []compared `json:"artifacts"`
	// Failure says why the second build made less than it should have.
	Failure string `json:"failure,omitempty"`
}

// compared is one artifact of both builds; a digest is empty where a build did
// not make it.
type compared struct {
	Name   string `json:"name"`
	First  string `json:"first_sha256,omitempty"`
	Second string `json:"second_sha256,omitempty"`
	// Where says in words where the two differ.
	Where string `json:"where,omitempty"`
}

func (c compared) same() bool { return c.First != "" && c.First == c.Second }

// holds reports whether every artifact came out the same.
func (r *reproduction) holds() bool {
	return r.Failure == "" && len(r.Artifacts) > 0 && !slices.ContainsFunc(r.Artifacts, func(c compared) bool { return !c.same() })
}

// claim is the finding as it is signed, with both digests as evidence.
func (r *reproduction) claim() *statement.Claim {
	c := &statement.Claim{Holds: r.holds(), Varied: r.Varied, NotVaried: r.NotVaried}
	for _, art := range r.Artifacts {
		for _, build := range []struct{ name, sum string }{{"first", art.First}, {"second", art.Second}} {
			if build.sum != "" {
				c.Evidence = append(c.Evidence, statement.Resource{Name: art.Name, Digest: statement.Digest{"sha256": build.sum}, Annotations: map[string]any{"build": build.name}})
			}
		}
	}
	c.Detail = strings.Join(r.differences(), "; ")
	return c
}

// differences says what keeps the claim from holding, a sentence each.
func (r *reproduction) differences() []string {
	var out []string
	if r.Failure != "" {
		out = append(out, r.Failure)
	}
	for _, c := range r.Artifacts {
		switch {
		case c.same():
		case c.First == "":
			out = append(out, c.Name+" is in the second build alone")
		case c.Second == "":
			out = append(out, c.Name+" is missing in the second build")
		default:
			out = append(out, strings.TrimSuffix(c.Name+" differs: "+c.Where, ": "))
		}
	}
	return out
}

// failure is what kept the second build from its end.
func (r *rebuilt) failure() string {
	for _, res := range r.results {
		if !res.Status.OK() {
			text := fmt.Sprintf("step %s of the second build: %s", res.Step, res.Status)
			if res.Reason != "" {
				text += ": " + res.Reason
			}
			return text
		}
	}
	return ""
}

// compare holds the artifacts of two builds beside each other. The first ones
// are files, or known by digest alone; before is what surrounded the step then.
func (r *rebuilt) compare(ctx context.Context, first []knownArtifact, step string, before provenance.Surroundings) (*reproduction, error) {
	dir, err := os.MkdirTemp("", "sixty-rebuilt-")
	if err != nil {
		return nil, fmt.Errorf("compare the builds: %w", err)
	}
	defer os.RemoveAll(dir)
	second, err := deploy.ExportArtifacts(r.results, dir)
	if err != nil {
		return nil, err
	}
	out := &reproduction{Failure: r.failure(), Artifacts: []compared{}}
	if after, ok := provenance.SurroundingsOf(r.graph, r.results, step); ok {
		out.Varied, out.NotVaried = before.Axes(after)
	}
	paths := map[string]string{}
	sums := map[string]string{}
	for _, art := range second {
		paths[art.Name], sums[art.Name] = art.Path, art.SHA256
	}
	for _, one := range first {
		c := compared{Name: one.name, First: one.sha256, Second: sums[one.name]}
		delete(sums, one.name)
		if !c.same() && c.Second != "" && one.path != "" {
			if c.Where, err = artifactdiff.Where(ctx, one.path, paths[one.name]); err != nil {
				return nil, fmt.Errorf("compare %s: %w", one.name, err)
			}
		}
		out.Artifacts = append(out.Artifacts, c)
	}
	for _, art := range second {
		if sum, left := sums[art.Name]; left {
			out.Artifacts = append(out.Artifacts, compared{Name: art.Name, Second: sum})
		}
	}
	return out, nil
}

// knownArtifact is an artifact of the first build; path is empty where only
// its digest is at hand.
type knownArtifact struct{ name, sha256, path string }

// proveReproducible builds the artifacts of a run again and compares them. nil
// means that there are none.
func (a *app) proveReproducible(ctx context.Context, o *runOptions, e *executed, view *progress.Printer) (*reproduction, error) {
	steps, err := provenance.ArtifactSteps(e.Results)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	before, ok := provenance.SurroundingsOf(e.Graph, e.Results, steps[0])
	if !ok {
		return nil, fmt.Errorf("step %s left no record of its surroundings", steps[0])
	}
	again, err := a.rebuild(ctx, o, e, e.Input, steps, view)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sixty-first-")
	if err != nil {
		return nil, fmt.Errorf("compare the builds: %w", err)
	}
	defer os.RemoveAll(dir)
	artifacts, err := deploy.ExportArtifacts(e.Results, dir)
	if err != nil {
		return nil, err
	}
	var first []knownArtifact
	for _, art := range artifacts {
		first = append(first, knownArtifact{art.Name, art.SHA256, filepath.Join(dir, art.Name)})
	}
	found, err := again.compare(ctx, first, steps[0], before)
	if err == nil && e.Made != nil && e.again != nil {
		// What was rendered is compared by the second process.
		found.Artifacts = append(found.Artifacts, compared{Name: "generated files", First: e.again.first.Rendered, Second: e.again.second.Rendered})
	}
	return found, err
}

// printReproduction says what comparing the builds has shown, and whether all
// artifacts are the same.
func (a *app) printReproduction(r *reproduction) bool {
	if r == nil {
		fmt.Fprintln(a.stdout, "\nReproducible: not known, the run made no artifacts.")
		return false
	}
	answer := "yes"
	if !r.holds() {
		answer = "no"
	}
	fmt.Fprintf(a.stdout, "\nReproducible: %s. Built again without a cache:\n", answer)
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	for _, c := range r.Artifacts {
		word := "same"
		if !c.same() {
			word = "differs"
		}
		fmt.Fprintf(w, "  %s\t%s\tsha256:%s\n", word, deploy.Readable(c.Name), orNone(c.First))
		if !c.same() {
			fmt.Fprintf(w, "\t\tsha256:%s\n", orNone(c.Second))
		}
	}
	w.Flush() //nolint:errcheck // the terminal is gone
	for _, text := range r.differences() {
		fmt.Fprintf(a.stdout, "  %s\n", strings.ReplaceAll(deploy.Readable(text), "\n", "\n    "))
	}
	for _, axis := range r.Varied {
		fmt.Fprintf(a.stdout, "  varied: %s\n", deploy.Readable(axis))
	}
	for _, axis := range r.NotVaried {
		fmt.Fprintf(a.stdout, "  not varied: %s\n", deploy.Readable(axis))
	}
	return r.holds()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
