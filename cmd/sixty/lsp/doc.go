// Package lsp is a language server for pipeline files: completion, hover,
// definitions and diagnostics over standard input and output, as in the Language
// Server Protocol 3.17
// (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/).
//
// hcl-lang answers what a schema can answer; names of blocks are resolved here,
// and diagnostics are those of sixty validate.
package lsp
