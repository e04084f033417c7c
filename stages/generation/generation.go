// Package generation is the second stage: it renders a pack into a crate.
package generation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
)

// Request is what a generation run depends on.
type Request struct {
	Pack *market.Pack
	// Given are the values for the pack's variables.
	Given []lang.Given
	// Dir is the folder of the new crate; empty: one called like the crate,
	// in the working folder.
	Dir string
	// Epoch is the time that templates see.
	Epoch time.Time
}

// Result is a rendered crate that is not written yet.
type Result struct {
	Dir    string
	Name   string
	Plan   *codegen.Plan
	Values map[string]any
}

// Render renders the pack and decides every write.
func Render(ctx context.Context, req Request) (*Result, error) {
	values, err := req.Pack.Resolve(req.Given)
	if err != nil {
		return nil, err
	}
	plain, err := values.Plain()
	if err != nil {
		return nil, err
	}
	recordable, err := values.Recordable()
	if err != nil {
		return nil, err
	}
	templates, err := req.Pack.TemplateFS()
	if err != nil {
		return nil, err
	}
	r := &Result{Dir: req.Dir, Name: crateName(req.Pack, plain), Values: plain}
	if r.Dir == "" {
		r.Dir = r.Name
	}
	output, record, err := existing(r.Dir)
	if err != nil {
		return nil, err
	}
	graph, err := graph(req.Pack)
	if err != nil {
		return nil, err
	}
	r.Plan, err = codegen.Render(ctx, codegen.Request{
		Templates: templates, Vars: plain, Graph: graph, Epoch: req.Epoch, Output: output, Record: record,
		Pack:      &codegen.PackRef{ID: req.Pack.ID, Version: req.Pack.Version, Source: req.Pack.Source, Digest: req.Pack.Digest},
		Variables: recordable,
	})
	if err != nil {
		return nil, fmt.Errorf("render %s %s: %w", req.Pack.ID, req.Pack.Version, err)
	}
	return r, nil
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
		{codegen.Create, "created"}, {codegen.Update, "updated"}, {codegen.Inject, "added to"}, {codegen.Remove, "removed"},
		{codegen.Conflict, "with edits"}, {codegen.Unchanged, "unchanged"}, {codegen.Skip, "skipped"},
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
	output := os.DirFS(dir)
	record, err := codegen.ReadRecord(output)
	return output, record, err
}

// graph loads the pack's own RDF.
func graph(pack *market.Pack) (*codegen.Graph, error) {
	if len(pack.Graphs) == 0 {
		return nil, nil
	}
	g := &codegen.Graph{}
	for _, name := range pack.Graphs {
		text, err := fs.ReadFile(pack.FS, path.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("read the graph of %s: %w", pack.ID, err)
		}
		g.Documents = append(g.Documents, codegen.GraphDocument{Name: name, Text: string(text)})
	}
	return g, nil
}
