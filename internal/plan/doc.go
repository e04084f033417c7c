// Package plan holds the values that describe one run before and after it
// happens: a [Graph] of stages and steps, and the [Result] of each step.
//
// Everything here is data. A plan is complete: defaults are applied,
// environments are ordered, paths are clean, and every input is content
// addressed, so an engine only maps fields to its own calls and never decides.
// What an engine can't keep is refused by [Check] before anything runs.
package plan
