package main

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/stages/concept"
)

// withSensitive adds to given values those of the sensitive variables that packs
// need and that no record keeps: asked for on a terminal; elsewhere what is missing
// is an error that says how to give it.
func (a *app) withSensitive(o *runOptions, given []lang.Given, versions ...*concept.Packs) ([]lang.Given, error) {
	ask, err := a.ask(o)
	if err != nil {
		return nil, err
	}
	for _, packs := range versions {
		for _, name := range unrecorded(packs) {
			if slices.ContainsFunc(given, func(g lang.Given) bool { return g.Name == name }) {
				continue
			}
			g, err := ask(name)
			if err != nil {
				return nil, err
			}
			given = append(given, g)
		}
	}
	return given, nil
}

// unrecorded are the sensitive variables of packs that have no default, and no
// value that another one of the packs passes.
func unrecorded(packs *concept.Packs) []string {
	var out []string
	for _, p := range packs.All() {
		for _, v := range p.Variables {
			if !v.Sensitive || !v.Required() || slices.Contains(out, v.Name) {
				continue
			}
			passed := false
			for _, by := range packs.All() {
				if _, depends := by.Dependencies[p.ID]; !depends {
					continue
				}
				_, chosen := by.Passes[p.ID][v.Name]
				passed = passed || chosen || slices.ContainsFunc(by.Variables, func(w lang.Variable) bool { return w.Name == v.Name })
			}
			if !passed {
				out = append(out, v.Name)
			}
		}
	}
	return out
}
