// Package docs holds a test and nothing else: it writes the tables of the
// documentation that can be read from the code, and fails when they or a link
// between pages have gone stale. `go test ./internal/docs -update` brings the tables up to date.
package docs
