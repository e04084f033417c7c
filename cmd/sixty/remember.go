package main

import "github.com/sixtyhq/sixty/internal/lastrun"

// remember keeps what the steps did, for the next plan.
func (e *executed) remember(cache string) error {
	keys, err := e.Keys()
	if err != nil {
		return err
	}
	file := lastrun.File(cache, e.Crate.Dir)
	r := lastrun.Read(file)
	r.Add(e.Results, keys)
	return r.Write(file)
}
