// Package initrec is the contract between an engine and sixty-init, the small
// program that is the first process of every step's container: the [Spec] that
// an engine gives it, and the [Record] that it leaves behind.
//
// It imports the standard library alone, so that sixty-init stays small.
package initrec
