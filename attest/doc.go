// Package attest holds the packages that state, sign and verify what a run
// found. See README.md; package verify has an example of the whole way.
package attest
