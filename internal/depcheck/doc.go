// Package depcheck holds a test and nothing else: it asserts which packages of
// the project may import which, in both Go modules, and that nothing heavy gets
// into the root module's light packages. CONTRIBUTING.md describes the layout
// that it guards.
package depcheck
