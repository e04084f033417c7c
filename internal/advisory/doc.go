// Package advisory checks a lockfile's packages against a RustSec advisory
// database, offline.
//
// The database is a folder in RustSec's own form: one Markdown file for each
// advisory with its data as TOML in front, below crates/ and rust/. Answers are
// those of cargo-audit, which a test compares over a corpus of lockfiles:
// a version is affected when it lies in none of the patched and unaffected
// ranges, in the order of semantic versions, pre-releases included.
//
// What was not looked at is said to be so: without a database [Load] gives
// [ErrNoDatabase], and without index data yanked versions are "not checked".
//
// The form is described at https://github.com/RustSec/advisory-db.
package advisory
