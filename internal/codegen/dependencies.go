package codegen

import (
	"context"
	"errors"
	"slices"
)

// Dependency is the run of a pack that the pack of a [Request] depends on. Its
// outputs are part of the request's plan.
//
// Runs see each other's outputs only through injections, which find the files of
// all of them. A file that two packs write is an error, unless one of them
// depends on the other: then the one that depends knows what it replaces, and
// its file counts.
type Dependency struct {
	// Name is the pack's id; its files are known by it and their path.
	Name string
	// Needs are the ids of all packs that it depends on itself.
	Needs []string
	// Run is what it renders. Where and over what it writes, and what it may ask,
	// is said by the request that depends on it.
	Run Request
}

// renderAll renders the documents of a request, after those of the packs that it
// depends on.
func renderAll(ctx context.Context, req Request) (*run, error) {
	var before []*run
	var faults []error
	for _, dep := range req.Dependencies {
		one := dep.Run
		one.Layers = append([]Layer{{Name: dep.Name, FS: one.Templates}}, one.Layers...)
		one.Templates = nil
		one.Epoch, one.Env, one.Remote, one.AllowHooks = req.Epoch, req.Env, req.Remote, req.AllowHooks
		r, err := renderOne(ctx, one)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for i := range r.outputs {
			r.outputs[i].pack = dep.Name
		}
		before = append(before, r)
	}
	r, err := renderOne(ctx, req)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	for i := len(before) - 1; i >= 0; i-- {
		b := before[i]
		r.outputs = append(b.outputs, r.outputs...)
		r.hooks = append(b.hooks, r.hooks...)
		r.skipped = append(b.skipped, r.skipped...)
		r.warnings = append(b.warnings, r.warnings...)
		r.sawTime = r.sawTime || b.sawTime
	}
	return r, nil
}

// replaces reports whether a file of one pack counts before that of another,
// since the one depends on the other. The request's own pack has no name and
// depends on all.
func (r *run) replaces(pack, other string) bool {
	if pack == "" {
		return other != ""
	}
	return slices.ContainsFunc(r.req.Dependencies, func(d Dependency) bool {
		return d.Name == pack && slices.Contains(d.Needs, other)
	})
}
