// Package cargo reads what a Rust project is made of and what its tools print:
// Cargo.lock and Cargo.toml on one side, and on the other the output of cargo,
// libtest, clippy, rustfmt and llvm-cov.
//
// Everything is a pure function from bytes or a file system to plain values.
// All input is taken as hostile: sizes are bounded, nothing here follows a path
// out of the tree that it was given, and what could not be parsed is an error
// or a nil figure, never a zero.
//
// The formats are cargo's own: https://doc.rust-lang.org/cargo/reference/ and,
// for messages, https://doc.rust-lang.org/rustc/json.html.
package cargo
