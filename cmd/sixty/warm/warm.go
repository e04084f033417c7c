// Package warm remembers which sets of dependencies were compiled, each by the
// steps that did it, so that the next set begins with the nearest of them and
// only compiles what differs: one crate changed is that crate and its
// dependents.
//
// What a set begins with is part of its step's key, and is itself known by what
// it was made from. Nothing here is looked at while a step runs, and no step has
// more than its plan names.
package warm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

const (
	// maxChain is how many sets may stand upon each other: whoever has none of
	// them compiles them all.
	maxChain = 8
	// maxEntry bounds the file of one set, in bytes.
	maxEntry = 16 << 20
)

// Layer is a set of dependencies that was compiled.
type Layer struct {
	// Name is the key that its step would have if it began with nothing.
	Name string `json:"name"`
	// Base is the name of the layer that it began with; empty: with nothing.
	Base string `json:"base,omitempty"`
	// Key is the key of its step as it ran.
	Key string `json:"key"`
	// Engine is where it was made: the address of an engine, empty for the one
	// of this machine.
	Engine string `json:"engine,omitempty"`
	// Images are those of the steps.
	Images []plan.Image `json:"images"`
	// Vendor and Dependencies are the steps, the second one as if it began with
	// nothing.
	Vendor       plan.Step `json:"vendor"`
	Dependencies plan.Step `json:"dependencies"`
	At           time.Time `json:"at"`
}

// Layers are those of one cache folder.
type Layers struct {
	// Dir has a file for each layer, and Results a folder for each step that
	// ran and whose results are kept, both by key.
	Dir, Results string
	// Blobs opens a blob by its digest, as what steps mount.
	Blobs func(digest string) (*os.File, error)
	// Init is the digest of sixty-init, and Engine as in [Layer].
	Init, Engine string
}

// Base is what a set of dependencies begins with.
type Base struct {
	// Name is the layer's; empty: the set begins with nothing.
	Name string
	// Same of the set's Crates are in the layer too.
	Same, Crates int
	source       plan.Source
}

// Nearest chooses what a graph's dependencies begin with: what they began with
// when the same were compiled before, or else the layer with the most of their
// crates. The zero Base is nothing.
func (l Layers) Nearest(g *plan.Graph) (Base, error) {
	own, ok, err := l.layer(g)
	if !ok || err != nil {
		return Base{}, err
	}
	all := l.all()
	if known, ok := all[own.Name]; ok {
		if known.Base == "" {
			return Base{}, nil
		}
		if b, ok := l.base(all, known.Base, own); ok {
			return b, nil
		}
	}
	var best Base
	var made time.Time
	for name, other := range all {
		if name == own.Name || !sameRoom(other, own) {
			continue
		}
		b, ok := l.base(all, name, own)
		if !ok || 2*b.Same < b.Crates || len(b.source.Earlier) >= 2*maxChain || 2*b.Crates < l.chainCrates(b.source) {
			continue
		}
		if b.Same > best.Same || b.Same == best.Same && (other.At.After(made) || other.At.Equal(made) && name < best.Name) {
			best, made = b, other.At
		}
	}
	return best, nil
}

// Named is the base with a name, if it is there.
func (l Layers) Named(g *plan.Graph, name string) (Base, error) {
	own, ok, err := l.layer(g)
	if !ok || err != nil || name == "" {
		return Base{}, err
	}
	b, _ := l.base(l.all(), name, own)
	return b, nil
}

// Apply has the graph's dependencies begin with the base.
func (b Base) Apply(g *plan.Graph) {
	if b.Name == "" {
		return
	}
	for i := range g.Stages {
		for j, s := range g.Stages[i].Steps {
			if s.ID == setup.DependenciesStep {
				g.Stages[i].Steps[j] = setup.Upon(s, b.source)
			}
		}
	}
}

// Record keeps the layer of a graph whose dependencies were compiled, with the
// base that was applied to it, and forgets layers whose results are gone.
func (l Layers) Record(g *plan.Graph, base Base, results []plan.Result) error {
	i := slices.IndexFunc(results, func(r plan.Result) bool { return r.Step == setup.DependenciesStep })
	if i < 0 || !results[i].Status.OK() {
		return nil
	}
	own, ok, err := l.layer(g)
	if !ok || err != nil {
		return err
	}
	own.Base, own.Key, own.At = base.Name, results[i].Key, time.Now().UTC().Truncate(time.Second)
	file := l.file(own.Name)
	if known, err := read(file); err == nil && known.Key == own.Key {
		return nil
	}
	for name, other := range l.all() {
		if !l.kept(other.Key) {
			os.Remove(l.file(name)) // looked at the next time again
		}
	}
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	return write(file, text)
}

// layer is the graph's own, with what its step would have to begin with left
// out; false: it has none that can stand on another.
func (l Layers) layer(g *plan.Graph) (Layer, bool, error) {
	vendor, has := g.Step(setup.VendorStep)
	dependencies, hasToo := g.Step(setup.DependenciesStep)
	if !has || !hasToo || vendor.Conditions != nil {
		return Layer{}, false, nil
	}
	dependencies.Mounts = slices.DeleteFunc(slices.Clone(dependencies.Mounts), func(m plan.Mount) bool { return m.Source.Kind == plan.SourceEarlier })
	own := Layer{Engine: l.Engine, Vendor: vendor, Dependencies: dependencies}
	for _, i := range g.Images {
		if i.Name == vendor.Image || i.Name == dependencies.Image {
			own.Images = append(own.Images, i)
		}
	}
	keys, err := plan.Keys(&plan.Graph{Images: own.Images, Stages: []plan.Stage{{Steps: []plan.Step{vendor, dependencies}}}}, l.Init)
	if err != nil {
		return Layer{}, false, fmt.Errorf("find what dependencies can begin with: %w", err)
	}
	own.Name = keys[dependencies.ID].Digest
	return own, true, nil
}

// base is a layer, and those that it stands on, as what own can begin with.
func (l Layers) base(all map[string]Layer, name string, own Layer) (Base, bool) {
	var chain []Layer
	for next := name; next != ""; {
		layer, ok := all[next]
		if !ok || len(chain) == maxChain || next == own.Name || layer.Engine != l.Engine || !l.usable(layer) || !sameRoom(layer, own) {
			return Base{}, false
		}
		chain = append(chain, layer)
		next = layer.Base
	}
	b := Base{Name: name, source: plan.Source{Kind: plan.SourceEarlier, Output: setup.TargetOutput}}
	for _, layer := range slices.Backward(chain) {
		id := func(step string) string { return "earlier." + strings.TrimPrefix(layer.Name, "sha256:") + "." + step }
		vendor, dependencies := layer.Vendor, layer.Dependencies
		vendor.ID, vendor.Range, vendor.Skipped = id(vendor.ID), plan.Range{}, ""
		dependencies.Mounts = slices.Clone(dependencies.Mounts)
		for i, m := range dependencies.Mounts {
			if m.Source.Step == setup.VendorStep {
				dependencies.Mounts[i].Source.Step = vendor.ID
			}
		}
		if below := b.source.Step; below != "" {
			dependencies = setup.Upon(dependencies, plan.Source{Kind: plan.SourceOutput, Step: below, Output: setup.TargetOutput})
		}
		dependencies.ID, dependencies.Range, dependencies.Skipped = id(dependencies.ID), plan.Range{}, ""
		b.source.Earlier = append(b.source.Earlier, vendor, dependencies)
		b.source.Step = dependencies.ID
	}
	// Keys tell whether the steps as planned now are the ones that ran then.
	keys, err := plan.Keys(&plan.Graph{Images: own.Images, Stages: []plan.Stage{{Steps: b.source.Earlier}}}, l.Init)
	if err != nil || keys[b.source.Step].Digest != chain[0].Key {
		return Base{}, false
	}
	have := map[string]bool{}
	for _, f := range crates(chain[0].Vendor) {
		have[f.SHA256] = true
	}
	for _, f := range crates(own.Vendor) {
		b.Crates++
		if have[f.SHA256] {
			b.Same++
		}
	}
	return b, true
}

// sameRoom reports whether two layers are of the same images, environment and
// folders: in another room cargo would find everything changed.
func sameRoom(a, b Layer) bool {
	digests := func(l Layer) []string {
		var out []string
		for _, i := range l.Images {
			out = append(out, i.Digest)
		}
		return append(append(out, l.Dependencies.Env...), l.Dependencies.Dir)
	}
	return slices.Equal(digests(a), digests(b))
}

// usable reports whether a layer's steps are such as sixty plans, and what they
// mount is at hand should they have to run again.
func (l Layers) usable(layer Layer) bool {
	if !l.kept(layer.Key) {
		return false
	}
	for _, s := range []plan.Step{layer.Vendor, layer.Dependencies} {
		if s.Network != plan.NetworkNone || len(s.Services) > 0 || s.Runner != "" {
			return false
		}
		for _, m := range s.Mounts {
			switch m.Source.Kind {
			case plan.SourceFetch:
			case plan.SourceOutput:
				if m.Source.Step != setup.VendorStep {
					return false
				}
			case plan.SourceBlob:
				f, err := l.Blobs(m.Source.Digest)
				if err != nil {
					return false
				}
				touch(f.Name())
				f.Close()
			default:
				return false
			}
		}
	}
	return true
}

// kept reports whether the results of a step are kept, and marks them as used:
// what the engine holds of it is forgotten later than they are.
func (l Layers) kept(key string) bool {
	dir := filepath.Join(l.Results, strings.TrimPrefix(key, "sha256:"))
	st, err := os.Stat(dir)
	if key == "" || err != nil || !st.IsDir() {
		return false
	}
	touch(dir)
	return true
}

func touch(name string) {
	now := time.Now()
	os.Chtimes(name, now, now) //nolint:errcheck // says for how long it is kept
}

// chainCrates is how many crates the layers of a base hold.
func (l Layers) chainCrates(s plan.Source) int {
	seen := map[string]bool{}
	for _, step := range s.Earlier {
		for _, f := range crates(step) {
			seen[f.SHA256] = true
		}
	}
	return len(seen)
}

// crates are the downloads of a step.
func crates(vendor plan.Step) []plan.Fetch {
	var out []plan.Fetch
	for _, m := range vendor.Mounts {
		out = append(out, m.Source.Files...)
	}
	return out
}

func (l Layers) file(name string) string {
	return filepath.Join(l.Dir, strings.TrimPrefix(name, "sha256:")+".json")
}

// all reads every layer; a file that can't be read is none.
func (l Layers) all() map[string]Layer {
	out := map[string]Layer{}
	files, _ := filepath.Glob(filepath.Join(l.Dir, "*.json"))
	for _, file := range files {
		if layer, err := read(file); err == nil && l.file(layer.Name) == file {
			out[layer.Name] = layer
		}
	}
	return out
}

func read(file string) (Layer, error) {
	st, err := os.Stat(file)
	if err != nil {
		return Layer{}, err
	}
	if st.Size() > maxEntry {
		return Layer{}, fmt.Errorf("%s: larger than %d bytes", file, maxEntry)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Layer{}, err
	}
	var l Layer
	return l, json.Unmarshal(text, &l)
}

// write makes a file appear whole or not at all.
func write(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("remember the dependencies: %w", err)
	}
	if err := renameio.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("remember the dependencies: %w", err)
	}
	return nil
}
