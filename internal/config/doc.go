// Package config loads pipeline files: it parses and type-checks the blocks of
// the language, each with its source range, and evaluates them to a
// [Pipeline] once variables and the crate are known.
//
// What needs containers is never known here: a reference to a step's output
// or to an image is a [Ref], a handle that can be mounted and not read.
package config
