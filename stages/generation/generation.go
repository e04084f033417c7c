// Package generation is the second stage: it renders a pack into a crate.
package generation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
)

// Request is what a generation run depends on.
type Request struct {
	Pack *market.Pack
	// Dependencies are all packs that it depends on, each after those that it
	// depends on itself.
	Dependencies []*market.Pack
	// Given are the values for the pack's variables, and for those that only a
	// dependency declares.
	Given []lang.Given
	// Recorded are the values of dependencies, by pack, that an earlier run
	// recorded.
	Recorded map[string][]lang.Given
	// Dir is the folder of the new crate; empty: one called like the crate,
	// in the working folder.
	Dir string
	// Env is the environment that templates may read; nil: the one that an
	// earlier run recorded in Dir.
	Env map[string]string
	// Hooks runs the commands that templates name; nil refuses such templates.
	Hooks HookRunner
	// Graphs are the SPARQL endpoints of the pipeline, and Remote asks them;
	// without it none is asked. One that repeats an earlier run brings the
	// graphs of that run itself.
	Graphs []config.Graph
	Remote *remote.Asker
	// Epoch is the time that templates see; zero: the time that an earlier run
	// recorded in Dir, else the first day of this year.
	Epoch time.Time
}

// Result is a rendered crate that is not written yet.
type Result struct {
	Dir    string
	Name   string
	Plan   *codegen.Plan
	Values map[string]any
	// Recorded are the values that may be written down, as JSON, and Sensitive
	// the names of the others.
	Recorded  map[string]json.RawMessage
	Sensitive []string
	// Epoch is the time that templates saw.
	Epoch time.Time
}

// Render renders the pack and decides every write.
func Render(ctx context.Context, req Request) (*Result, error) {
	run, values, err := packRun(packSet{req.Pack, req.Dependencies}, req.Given, req.Recorded)
	if err != nil {
		return nil, err
	}
	r := &Result{Dir: req.Dir, Name: crateName(req.Pack, values), Values: values}
	if r.Dir == "" {
		// A pack's default must not choose a folder elsewhere.
		if r.Name == "." || !filepath.IsLocal(r.Name) || strings.ContainsAny(r.Name, `/\`) {
			return nil, fmt.Errorf("the crate's name %q can't be a folder's name: say where the crate goes with --output", r.Name)
		}
		r.Dir = r.Name
	}
	if run.Output, run.Record, err = existing(r.Dir); err != nil {
		return nil, err
	}
	run.Epoch = Epoch(req.Epoch, run.Record)
	if run.Env = req.Env; run.Env == nil {
		run.Env = run.Record.Env
	}
	if err := ask(ctx, run, req.Remote, req.Graphs); err != nil {
		return nil, err
	}
	r.Recorded, r.Epoch = run.Variables, run.Epoch
	for name := range values {
		if _, ok := run.Variables[name]; !ok {
			r.Sensitive = append(r.Sensitive, name)
		}
	}
	slices.Sort(r.Sensitive)
	if r.Plan, err = renderHooked(ctx, run, req.Hooks); err != nil {
		return nil, fmt.Errorf("render %s %s: %w", req.Pack.ID, req.Pack.Version, err)
	}
	return r, nil
}

// Epoch is the time that templates see: the asked one, the one that the earlier
// run recorded, or the first day of this year, which gives licences their year
// and the same bytes all year.
func Epoch(asked time.Time, record codegen.Record) time.Time {
	switch {
	case !asked.IsZero():
		return asked
	case record.Epoch != nil:
		return time.Unix(*record.Epoch, 0).UTC()
	}
	return time.Date(time.Now().UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
}

// Write applies the plan. A file with a user's own edits is in the way unless
// force is set, and then what it held is kept.
func (r *Result) Write(ctx context.Context, force bool) error {
	err := r.Plan.Apply(ctx, r.Dir, codegen.ApplyOptions{Force: force})
	var conflict *codegen.ConflictError
	if errors.As(err, &conflict) {
		return fmt.Errorf("%w\nTo judge the crate with its edits: --manifest %s. To generate it anew and keep the edits as a backup: --force", err, filepath.Join(r.Dir, "Cargo.toml"))
	}
	if err != nil {
		return fmt.Errorf("write the crate to %s: %w", r.Dir, err)
	}
	return nil
}

// Summary counts the writes by what they do: "12 created, 3 unchanged".
func (r *Result) Summary() string {
	count := map[codegen.Action]int{}
	for _, w := range r.Plan.Writes {
		count[w.Action]++
	}
	var parts []string
	for _, a := range []struct {
		action codegen.Action
		word   string
	}{
		{codegen.Create, "created"}, {codegen.Update, "updated"}, {codegen.Merge, "merged"}, {codegen.Inject, "added to"},
		{codegen.Remove, "removed"}, {codegen.Conflict, "with edits"}, {codegen.Marked, "with conflicts"}, {codegen.Unchanged, "unchanged"}, {codegen.Skip, "skipped"},
	} {
		if n := count[a.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.word))
		}
	}
	if len(parts) == 0 {
		return "no files"
	}
	return strings.Join(parts, ", ") + " files"
}

// crateName is the value of the pack's variable "name", or the last part of
// the pack's id.
func crateName(pack *market.Pack, values map[string]any) string {
	if name, ok := values["name"].(string); ok && name != "" {
		return name
	}
	return pack.ID[strings.LastIndex(pack.ID, ".")+1:]
}

// existing is what lies in the output folder, and the record of the run that
// made it; nil when the folder is not there.
func existing(dir string) (fs.FS, codegen.Record, error) {
	st, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, codegen.Record{}, nil
	}
	if err != nil {
		return nil, codegen.Record{}, fmt.Errorf("look at the output folder: %w", err)
	}
	if !st.IsDir() {
		return nil, codegen.Record{}, fmt.Errorf("the output folder %s is a file", dir)
	}
	if err := codegen.Recover(dir); err != nil {
		return nil, codegen.Record{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, codegen.Record{}, fmt.Errorf("look at the output folder: %w", err)
	}
	output := root.FS()
	record, err := codegen.ReadRecord(output)
	return output, record, err
}
