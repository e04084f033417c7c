// Package packs holds the packs that ship with sixty: an axum service, a command
// line tool and a library with a macro, each a Rust crate as templates.
package packs

import "embed"

// FS has a folder for each pack, named by its id.
//
//go:embed all:io.sixty.rust.axum-service all:io.sixty.rust.cli all:io.sixty.rust.macro-lib
var FS embed.FS
