package generation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

// HookRunner runs commands of templates on a tree of files, in a container
// without a network, and gives the tree that they leave. after tells those that
// run after the writes from those that run before.
type HookRunner func(ctx context.Context, after bool, commands []string, tree map[string][]byte) (map[string][]byte, error)

// hookTimeout ends the commands of a pack.
const hookTimeout = 5 * time.Minute

// HookStep is the step of a [HookRunner]: one for all commands, in their order.
// Its output is the tree. tree is nil where there are no files yet.
func HookStep(image string, tree *blob.Blob, after bool, commands []string) plan.Step {
	name := "hooks-before"
	if after {
		name = "hooks-after"
	}
	var script strings.Builder
	dir, mounts := "/", []plan.Mount{}
	if tree != nil {
		dir, mounts = setup.SourceDir, []plan.Mount{{Target: setup.SourceDir, Source: setup.BlobSource(*tree), Writable: true}}
	}
	script.WriteString("mkdir -p " + setup.SourceDir + " && cd " + setup.SourceDir + "\n")
	for _, c := range commands {
		fmt.Fprintf(&script, "( %s\n)\n", c)
	}
	script.WriteString("mkdir -p /out && cp -R " + setup.SourceDir + " /out/tree\n")
	return plan.Step{
		ID: "generation." + name, Stage: "generation", Name: name, Image: image,
		Command: []string{"/bin/sh", "-euc", script.String()}, Dir: dir, Network: plan.NetworkNone, Timeout: hookTimeout, Mounts: mounts,
		Outputs: []plan.Output{{Name: "tree", Path: "/out/tree"}},
	}
}

// renderHooked renders a run. Where templates name commands, they run on the
// rendered tree, in a container: those before the writes see the files as they
// are now, those after them the new ones. What they leave of the generated
// files is planned like any other output.
func renderHooked(ctx context.Context, run *codegen.Request, hooks HookRunner) (*codegen.Plan, error) {
	run.AllowHooks = hooks != nil
	p, err := codegen.Render(ctx, *run)
	if err != nil || len(p.Hooks) == 0 {
		return p, err
	}
	var before, after, by []string
	for _, h := range p.Hooks {
		if h.After {
			after = append(after, h.Command)
		} else {
			before = append(before, h.Command)
		}
		if !slices.Contains(by, h.Template) {
			by = append(by, h.Template)
		}
	}
	tree := map[string][]byte{}
	if len(before) > 0 {
		for _, w := range p.Writes {
			if w.Old != nil && w.Action != codegen.Remove {
				tree[w.Path] = w.Old
			}
		}
		was := maps.Clone(tree)
		if tree, err = hooks(ctx, false, before, tree); err != nil {
			return nil, err
		}
		for path := range was { // what templates write is theirs, and the rest goes with its template
			delete(tree, path)
		}
	}
	maps.Copy(tree, p.Files())
	if len(after) > 0 {
		if tree, err = hooks(ctx, true, after, tree); err != nil {
			return nil, err
		}
	}
	run.Hooked = &codegen.Hooked{Files: tree, By: strings.Join(by, ", ")}
	return codegen.Render(ctx, *run)
}
