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
// What the crate renders, this package renders to the same bytes. It differs
// where the crate fails: what makes the crate panic is an error here or works
// (an array as the argument of a test, super() twice in a block), a key in
// backticks works as one in other quotes, and keys may hold any character. The
// matching test has the syntax and the ASCII classes of Go's regexp.
//
// Values are plain Go: nil, bool, int64, uint64, float64, string, []any and
// map[string]any, maps being iterated in the order of their keys.
package tera
