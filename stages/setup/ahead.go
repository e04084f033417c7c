package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/plan"
)

// aheadSuffix is what the name of a step ahead of another one ends with.
const aheadSuffix = "-ahead"

// aheadOutput is what such a step has compiled.
const aheadOutput = "target"

// Foundation is the source of a step that runs ahead of another one: of a
// workspace, the members that others need.
type Foundation struct {
	// tree is the source as a blob.
	tree blob.Blob
	// stale are patterns of what the empty stand-ins of the rest leave behind.
	stale []string
	// source and target are where the clean room has its source and what is
	// compiled, and compiled is what lies there; nil: nothing yet.
	source, target string
	compiled       *plan.Source
	// split are the steps that run ahead, by what the one that they are ahead of
	// leaves of the target folder: its id and the name of its output.
	split map[[2]string]string
}

// foundation is nil where no member needs another one.
func foundation(in Input, mounts []plan.Mount) (*Foundation, error) {
	if in.Foundation == nil {
		return nil, nil
	}
	tree, err := in.Store.PutFiles(in.Foundation.Files)
	if err != nil {
		return nil, fmt.Errorf("pack the members that others need: %w", err)
	}
	f := &Foundation{tree: tree, stale: in.Foundation.Stale, source: in.Prefix + SourceDir, target: in.Prefix + TargetDir, split: map[[2]string]string{}}
	for _, m := range mounts {
		if m.Target == f.target {
			f.compiled = &m.Source
		}
	}
	return f, nil
}

// Ahead makes two steps of one: the first runs the same command on the
// foundation alone, and the second starts from what that has compiled. Since
// the first one's sources are the same to the byte in the second, cargo finds
// them compiled, whatever their files' times say; and it stays in the cache
// while only other members change.
//
// A step that mounts what another step has compiled, which was split before,
// takes what was compiled ahead of that one instead: the rest of the project
// takes nothing from it that cargo would not compile.
//
// The first step never fails by its command: the second one runs into the same
// mistake and says so. A step that has something else in the place of the target
// folder can't be split, which is the error.
func (f *Foundation) Ahead(s plan.Step) (ahead, rest plan.Step, err error) {
	at := slices.IndexFunc(s.Mounts, func(m plan.Mount) bool { return m.Target == f.target })
	var from plan.Source
	if at >= 0 {
		from = s.Mounts[at].Source
		if id, ok := f.split[[2]string{from.Step, from.Output}]; ok {
			from = plan.Source{Kind: plan.SourceOutput, Step: id, Output: aheadOutput}
		} else if f.compiled == nil || from.Step != f.compiled.Step || from.Output != f.compiled.Output {
			return s, s, fmt.Errorf("the step has something of its own at %s, where the clean room has what is compiled", f.target)
		}
	}
	ahead = s
	ahead.ID, ahead.Name = s.ID+aheadSuffix, s.Name+aheadSuffix
	ahead.Block, ahead.Instance = "", ""
	ahead.Command = append([]string{"/bin/sh", "-uc", aheadScript + remove(f.target, f.stale), s.Name}, s.Command...)
	ahead.After, ahead.Metrics = nil, nil
	ahead.Outputs = []plan.Output{{Name: aheadOutput, Path: f.target, Volume: true}}
	ahead.Mounts = slices.Clone(s.Mounts)
	for i, m := range ahead.Mounts {
		if m.Target == f.source {
			ahead.Mounts[i].Source = BlobSource(f.tree)
		}
	}

	rest = s
	rest.Mounts = slices.Clone(s.Mounts)
	target := plan.Mount{Target: f.target, Writable: true, Source: plan.Source{Kind: plan.SourceOutput, Step: ahead.ID, Output: aheadOutput}}
	if at >= 0 {
		ahead.Mounts[at] = plan.Mount{Target: f.target, Writable: true, Source: from}
		rest.Mounts[at] = target
	} else {
		ahead.Mounts = append(ahead.Mounts, plan.Mount{Target: f.target, Writable: true, Source: plan.Source{Kind: plan.SourceScratch}})
		rest.Mounts = append(rest.Mounts, target)
	}
	for _, step := range []plan.Step{ahead, rest} {
		slices.SortFunc(step.Mounts, func(a, b plan.Mount) int { return strings.Compare(a.Target, b.Target) })
	}
	for _, o := range s.Outputs {
		if o.Path == f.target && o.Volume {
			f.split[[2]string{s.ID, o.Name}] = ahead.ID
		}
	}
	return ahead, rest, nil
}

const aheadScript = `"$@" || echo "Step $0 does this again, and says what is wrong" >&2
`
