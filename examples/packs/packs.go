// Package packs holds the packs that ship with sixty.
package packs

import "embed"

// FS has one folder a pack, named by its id.
//
//go:embed all:io.sixty.*
var FS embed.FS
