package crate

import (
	"strings"
	"testing"
)

// workspace has a root package, app → core, tools (dev) → core, and alone; core
// uses a package of the tree that is no member.
func workspace(t *testing.T) *Crate {
	entry := func(name string, deps ...string) string {
		text := "\n[[package]]\nname = \"" + name + "\"\nversion = \"0.1.0\"\n"
		if len(deps) > 0 {
			text += "dependencies = [\"" + strings.Join(deps, "\", \"") + "\"]\n"
		}
		return text
	}
	return open(t, lay(t, map[string]string{
		"Cargo.toml": manifest("root") + "[workspace]\nmembers = [\"crates/*\", \"crates/app/tools\"]\nexclude = [\"vendored\"]\n",
		"Cargo.lock": "version = 4\n" + entry("alone") + entry("app", "core") + entry("core", "kept", "outside") + entry("kept") +
			entry("root", "alone") + entry("tools", "core") +
			"\n[[package]]\nname = \"outside\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"" + strings.Repeat("0", 64) + "\"\n",
		"src/lib.rs":                  "",
		"crates/app/Cargo.toml":       manifest("app") + "[dependencies]\ncore = { path = \"../core\" }\n",
		"crates/app/src/main.rs":      "",
		"crates/app/tools/Cargo.toml": manifest("tools") + "[dev-dependencies]\ncore = { path = \"../../core\" }\n",
		"crates/app/tools/src/lib.rs": "",
		"crates/core/Cargo.toml":      manifest("core") + "[dependencies]\nkept = { path = \"../../vendored/kept\" }\n",
		"crates/core/src/lib.rs":      "",
		"crates/alone/Cargo.toml":     manifest("alone"),
		"crates/alone/src/lib.rs":     "",
		"vendored/kept/Cargo.toml":    manifest("kept"),
		"vendored/kept/src/lib.rs":    "",
	}))
}

func TestReach(t *testing.T) {
	c := workspace(t)
	const all = "root (%), alone (%), app (%), tools (%), core (%); rest "
	for _, test := range []struct{ files, want string }{
		{"", "; rest root, alone, app, tools, core"},
		{"crates/app/src/main.rs", "app (crates/app/src/main.rs); rest root, alone, tools, core"},
		{"crates/app/tools/src/lib.rs", "tools (crates/app/tools/src/lib.rs); rest root, alone, app, core"},
		{"crates/core/src/lib.rs", "app (depends on core), tools (depends on core), core (crates/core/src/lib.rs); rest root, alone"},
		{"crates/alone/benches/b.rs", "root (depends on alone), alone (crates/alone/benches/b.rs); rest app, tools, core"},
		{"vendored/kept/src/lib.rs", "app (depends on core), tools (depends on core), core (depends on kept); rest root, alone"},
		{"src/lib.rs", "root (src/lib.rs); rest alone, app, tools, core"},
		{"crates/app/src/main.rs src/lib.rs", "root (src/lib.rs), app (crates/app/src/main.rs); rest alone, tools, core"},
		{"Cargo.lock", strings.ReplaceAll(all, "%", "Cargo.lock")},
		{"crates/core/Cargo.toml", strings.ReplaceAll(all, "%", "crates/core/Cargo.toml")},
		{".cargo/config.toml", strings.ReplaceAll(all, "%", ".cargo/config.toml")},
	} {
		r := c.Reach(strings.Fields(test.files))
		var parts []string
		for _, name := range r.Selected {
			parts = append(parts, name+" ("+r.Because[name]+")")
		}
		if got := strings.Join(parts, ", ") + "; rest " + strings.Join(r.Rest, ", "); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.files, got, test.want)
		}
	}
}

// A file that no package owns can reach all: a virtual workspace's README may be
// part of a member's documentation.
func TestReachOfWhatNobodyOwns(t *testing.T) {
	c := open(t, lay(t, map[string]string{
		"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\"]\n", "a/Cargo.toml": manifest("one"), "a/src/lib.rs": "",
		"b/Cargo.toml": manifest("two"), "b/src/lib.rs": "",
		"Cargo.lock": lock + "\n[[package]]\nname = \"two\"\nversion = \"0.1.0\"\n",
	}))
	if r := c.Reach([]string{"README.md"}); len(r.Selected) != 2 || len(r.Rest) != 0 {
		t.Errorf("%+v", r)
	}
	if r := c.Reach([]string{"a/README.md"}); len(r.Selected) != 1 || r.Selected[0] != "one" {
		t.Errorf("%+v", r)
	}
	c.Lock = nil
	if r := c.Reach([]string{"a/README.md"}); len(r.Rest) != 0 {
		t.Errorf("without a lockfile: %+v", r)
	}
}

func TestSelection(t *testing.T) {
	c := workspace(t)
	for want, names := range map[string][]string{"--workspace": nil, "--package app --package core": {"app", "core"}} {
		c.Only = names
		var got []string
		for _, v := range c.Value().GetAttr("selection").AsValueSlice() {
			got = append(got, v.AsString())
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%v: %s, want %s", names, text, want)
		}
	}
}
