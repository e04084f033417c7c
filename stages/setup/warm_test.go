package setup

import (
	"slices"
	"strings"
	"testing"
)

func TestWarm(t *testing.T) {
	sh := func(script string) []string { return []string{"/bin/sh", "-euc", script} }
	const (
		buildR = "cargo build --workspace --profile release"
		testR  = "cargo test --workspace --no-run --all-targets --profile release"
		checkR = "cargo check --workspace --profile release"
		test   = "cargo test --workspace --no-run --all-targets"
		build  = "cargo build --workspace"
		check  = "cargo check --workspace"
	)
	for name, c := range map[string]struct {
		commands [][]string
		want     []string
	}{
		"one profile":          {[][]string{sh("status=0\ncargo test --release || status=$?\nexit $status"), {"cargo", "build", "--release"}, {"cargo", "doc", "-r", "--no-deps"}}, []string{buildR, testR, checkR}},
		"two profiles":         {[][]string{sh("cargo build --release; cargo test")}, []string{test, buildR}},
		"said once":            {[][]string{{"cargo", "test"}, sh("if cargo t; then echo; fi")}, []string{test}},
		"after a toolchain":    {[][]string{{"/usr/bin/cargo", "+stable", "clippy"}}, []string{check}},
		"a profile by name":    {[][]string{{"cargo", "build", "--profile=dist"}, {"cargo", "run", "--profile", "test"}}, []string{build, "cargo build --workspace --profile dist"}},
		"a program's argument": {[][]string{{"cargo", "run", "--", "--release"}}, []string{build}},
		"packing compiles":     {[][]string{{"cargo", "package"}, {"cargo", "publish", "--no-verify", "--release"}}, []string{build}},
		"nothing to compile":   {[][]string{{"cargo", "fmt", "--check"}, {"make"}, nil}, []string{buildR, test, check}},
		"a shell's own name":   {[][]string{sh("cargo build --profile $(rm -rf /)"), {"cargo", "build", "--profile", "x; rm -rf /"}, {"cargo", "test"}}, []string{test}},
		"over several lines":   {[][]string{sh("cargo \\\n  build \\\n  --release")}, []string{buildR}},
	} {
		t.Run(name, func(t *testing.T) {
			script := warm(c.commands)
			var got []string
			for line := range strings.Lines(script) {
				if strings.HasPrefix(line, "cargo") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("compiled is %q, want %q\n%s", got, c.want, script)
			}
		})
	}
}
