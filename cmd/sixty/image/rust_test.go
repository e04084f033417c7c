package image

import "runtime"

// Rust is an image of the kind that the default pipeline's debian block asks for,
// for the tests alone: what runs is decided in pipeline.hcl.
func Rust() Spec {
	return Spec{
		Name: "rust",
		Packages: []string{
			"ca-certificates", "cargo-web", "gcc", "libc6-dev", "rust-web-clippy",
			"rust-web-llvm", "rustc-web", "rustfmt-web",
		},
		// Of LLVM's programs, only the two that coverage needs.
		Exclude: append([]string{"/usr/lib/llvm-*/bin/*", "/usr/bin/*-lto-dump-*"}, slim...),
		Include: append([]string{"/usr/lib/llvm-*/bin/llvm-cov", "/usr/lib/llvm-*/bin/llvm-profdata"}, slimBut...),
		// rustc's own folder has LLVM's programs by their plain names.
		Env: []string{"LANG=C.UTF-8", "PATH=" + debianPath + ":/usr/lib/rustlib/" + rustTarget() + "/bin"},
	}
}

func rustTarget() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64-unknown-linux-gnu"
	}
	return "x86_64-unknown-linux-gnu"
}
