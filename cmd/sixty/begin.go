package main

import (
	"path/filepath"

	"github.com/sixtyhq/sixty/cmd/sixty/warm"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
)

// warmDir of the cache folder remembers which dependencies were compiled.
const warmDir = "warm"

func (e *engine) layers() (warm.Layers, error) {
	init, err := e.Init()
	return warm.Layers{
		Dir: filepath.Join(string(e.cache), warmDir), Results: e.cache.Results(),
		Blobs: e.store.Open, Init: init, Engine: e.opts.engineAddress(),
	}, err
}

// begin has the dependencies begin with those that are compiled already, and not
// with nothing.
func (e *engine) begin(g *plan.Graph) error {
	if e.opts.whole {
		return nil
	}
	layers, err := e.layers()
	if err != nil {
		return err
	}
	if name := e.opts.begin; name != nil {
		e.base, err = layers.Named(g, *name)
	} else {
		e.base, err = layers.Nearest(g)
	}
	if err != nil {
		return err
	}
	e.base.Apply(g)
	return nil
}

func (e *engine) tellBase() {
	if b := e.base; b.Name != "" {
		e.view.Note("Dependencies: %d of %d crates are compiled in an earlier set, which this one begins with", b.Same, b.Crates)
	}
}

// keepLayer remembers the dependencies that a run has compiled.
func (e *engine) keepLayer(r *deploy.Run) error {
	layers, err := e.layers()
	if err != nil {
		return err
	}
	return layers.Record(r.Graph, e.base, r.Results)
}
