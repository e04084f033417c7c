// Package tera renders templates in the language of Tera, version 1
// (https://keats.github.io/tera/docs/): expressions, filters, tests,
// functions, loops, macros, includes and inheritance, with the whitespace and
// printing rules of the tera crate 1.20.
//
// Templates are compiled to a tree once, by [Env.Add]; [Env.Render] walks it.
// Templates are untrusted: nesting, recursion, steps and output are bounded by
// [Limits], and rendering stops when its context is done. What a template can
// see of the world (clock, chance, environment) is what [Options] hands it.
//
// Values are plain Go: nil, bool, int64, uint64, float64, string, []any and
// map[string]any, maps being iterated in the order of their keys.
package tera
