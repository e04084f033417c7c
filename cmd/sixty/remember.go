package main

import (
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
)

// remember keeps what the steps did, for the next plan. initDigest is that of
// sixty-init.
func (e *executed) remember(cache, initDigest string) error {
	keys, err := plan.Keys(e.graph, initDigest)
	if err != nil {
		return err
	}
	file := lastrun.File(cache, e.crate.Dir)
	r := lastrun.Read(file)
	r.Add(e.results, keys)
	return r.Write(file)
}
