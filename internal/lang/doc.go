// Package lang is the expression language that pipelines and packs share: its
// functions, its variable blocks, and how values given as text become typed
// values.
package lang
