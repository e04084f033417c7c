package generation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
)

// packSet is a pack and all that it depends on, each after those that it depends
// on itself.
type packSet struct {
	root         *market.Pack
	dependencies []*market.Pack
}

// packRun is the run of a pack with values, without a look at an output folder,
// and the values of its own variables.
//
// A variable of a dependency has, in this order, the value that the caller gave
// and the pack itself does not declare, the one of an earlier run, the one that a
// dependent passes, or its default. Two dependents that pass different values are an
// error.
func packRun(set packSet, given []lang.Given, recorded map[string][]lang.Given) (*codegen.Request, map[string]any, error) {
	own, forOthers := set.split(given)
	values, err := set.root.Resolve(own)
	if err != nil {
		return nil, nil, err
	}
	plain, err := values.Plain()
	if err != nil {
		return nil, nil, err
	}
	run, err := sourceRun(set.root, plain)
	if err != nil {
		return nil, nil, err
	}
	ref := reference(set.root)
	ref.Pipeline = set.root.Pipeline
	run.Pack = &ref
	if run.Variables, err = values.Recordable(); err != nil {
		return nil, nil, err
	}
	resolved := map[string]*market.Values{set.root.ID: values}
	runs := make([]codegen.Dependency, len(set.dependencies))
	records := make([]codegen.RecordedPack, len(set.dependencies))
	for i := len(set.dependencies) - 1; i >= 0; i-- { // dependents first
		p := set.dependencies[i]
		passed, err := set.passed(p, resolved)
		if err != nil {
			return nil, nil, err
		}
		chosen := append(declared(p, recorded[p.ID]), declared(p, forOthers)...)
		v, err := p.Resolve(append(passed, chosen...))
		if err != nil {
			return nil, nil, fmt.Errorf("pack %s, which %s depends on: %w", p.ID, set.root.ID, err)
		}
		resolved[p.ID] = v
		plain, err := v.Plain()
		if err != nil {
			return nil, nil, err
		}
		one, err := sourceRun(p, plain)
		if err != nil {
			return nil, nil, err
		}
		runs[i] = codegen.Dependency{Name: p.ID, Needs: set.needs(p), Run: *one}
		records[i] = codegen.RecordedPack{PackRef: reference(p)}
		if records[i].Variables, err = v.Without(onlyPassed(passed, chosen)).Recordable(); err != nil {
			return nil, nil, err
		}
	}
	run.Dependencies, run.Packs = runs, records
	return run, plain, nil
}

// split parts the given values: those for the pack itself, and those for
// variables that only a dependency declares. What nothing declares stays with
// the pack, which refuses it.
func (s packSet) split(given []lang.Given) (own, others []lang.Given) {
	elsewhere := map[string]bool{}
	for _, p := range s.dependencies {
		for _, v := range p.Variables {
			elsewhere[v.Name] = true
		}
	}
	for _, v := range s.root.Variables {
		delete(elsewhere, v.Name)
	}
	for _, g := range given {
		if elsewhere[g.Name] {
			others = append(others, g)
		} else {
			own = append(own, g)
		}
	}
	return own, others
}

// passed are the values that a pack gets from those that depend on it: what one
// of them chose for it, else what the first of them has under the name, the
// dependents before what they depend on.
func (s packSet) passed(p *market.Pack, resolved map[string]*market.Values) ([]lang.Given, error) {
	var all, out []lang.Given
	for i := len(s.dependencies); i >= 0; i-- {
		by := s.root
		if i < len(s.dependencies) {
			by = s.dependencies[i]
		}
		if _, ok := by.Dependencies[p.ID]; !ok || resolved[by.ID] == nil {
			continue
		}
		chosen, shared, err := by.Passed(p, resolved[by.ID])
		if err != nil {
			return nil, err
		}
		for _, g := range chosen {
			i := slices.IndexFunc(out, func(o lang.Given) bool { return o.Name == g.Name })
			if i < 0 {
				out = append(out, g)
			} else if !same(out[i].Value, g.Value) {
				return nil, fmt.Errorf("%s and %s pass different values to %q of %s: let one of them pass none, or leave the variable to the caller", out[i].Source, g.Source, g.Name, p.ID)
			}
		}
		all = append(all, shared...)
	}
	slices.Reverse(all) // of several, the last counts
	return append(all, out...), nil
}

func same(a, b cty.Value) bool {
	a, _ = a.UnmarkDeep()
	b, _ = b.UnmarkDeep()
	return a.RawEquals(b)
}

// needs are the ids of all packs that a dependency depends on.
func (s packSet) needs(p *market.Pack) []string {
	found := map[string]bool{}
	byID := map[string]*market.Pack{}
	for _, d := range s.dependencies {
		byID[d.ID] = d
	}
	var visit func(p *market.Pack)
	visit = func(p *market.Pack) {
		for id := range p.Dependencies {
			if d := byID[id]; d != nil && !found[id] {
				found[id] = true
				visit(d)
			}
		}
	}
	visit(p)
	return slices.Sorted(maps.Keys(found))
}

func declared(p *market.Pack, given []lang.Given) []lang.Given {
	return slices.DeleteFunc(slices.Clone(given), func(g lang.Given) bool {
		return !slices.ContainsFunc(p.Variables, func(v lang.Variable) bool { return v.Name == g.Name })
	})
}

// onlyPassed names the variables whose values came from a dependent.
func onlyPassed(passed, chosen []lang.Given) map[string]bool {
	out := map[string]bool{}
	for _, g := range passed {
		out[g.Name] = true
	}
	for _, g := range chosen {
		delete(out, g.Name)
	}
	return out
}

func reference(p *market.Pack) codegen.PackRef {
	return codegen.PackRef{ID: p.ID, Version: p.Version, Source: p.Source, Digest: p.Digest}
}

// sourceRun is what one pack renders, with values.
func sourceRun(p *market.Pack, values map[string]any) (*codegen.Request, error) {
	run := &codegen.Request{Vars: values, Dialect: p.Dialect, Graph: &codegen.Graph{Prefixes: p.Prefixes, Base: p.Base}}
	var err error
	if run.Templates, err = p.TemplateFS(); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		names []string
		to    *[]codegen.GraphDocument
	}{{p.Graphs, &run.Graph.Documents}, {p.Queries, &run.Queries}, {p.Shapes, &run.Shapes}} {
		files, err := p.ReadFiles(part.names)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			*part.to = append(*part.to, codegen.GraphDocument(f))
		}
	}
	return run, nil
}

// Recorded are the values of dependencies, by pack, that a record holds, for the
// versions at hand.
func Recorded(record codegen.Record, dependencies []*market.Pack) (map[string][]lang.Given, error) {
	out := map[string][]lang.Given{}
	for _, p := range dependencies {
		for _, r := range record.Dependencies {
			if r.ID != p.ID {
				continue
			}
			given, _, err := p.GivenAgain(r.Variables, codegen.RecordPath)
			if err != nil {
				return nil, fmt.Errorf("pack %s: %w", p.ID, err)
			}
			out[p.ID] = given
		}
	}
	return out, nil
}
