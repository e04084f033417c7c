// Package interop tests that bundles go both ways between sixty and the
// programs that others check them with: cosign, slsa-verifier and gh, and the
// services that sigstore runs: Fulcio, Rekor and a timestamp authority. Each is
// the real program, built from its Go module at a fixed version.
//
// It is a module of its own and outside the normal tests, since building the
// programs takes minutes; `make test-interop` runs it. The programs are kept
// in the folder that SIXTY_INTEROP_BIN names, by default in the user's cache.
package interop
