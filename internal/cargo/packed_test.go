package cargo

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pelletier/go-toml/v2"
)

func load(t *testing.T, files fstest.MapFS) *Project {
	t.Helper()
	p, err := LoadProject(files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPackedManifest(t *testing.T) {
	files := family("lib", "[profile.release]\nopt-level = 1\n")
	p := load(t, files)
	var m manifest
	if err := toml.Unmarshal([]byte(p.PackedManifest()), &m); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.table("workspace").strings("members"), " "); got != "*-[0-9]*" {
		t.Errorf("members %q", got)
	}
	if m.table("workspace")["resolver"] != "2" || m.table("profile", "release")["opt-level"] != int64(1) {
		t.Errorf("the root's settings are lost: %v", m)
	}
	patches := m.table("patch", "crates-io")
	if len(patches) != 1 || patches.table("lib_macros")["path"] != "lib_macros-0.1.0" {
		t.Errorf("patches %v", patches)
	}
	// One package says everything in its own archive.
	delete(files, "macros/Cargo.toml")
	files["Cargo.toml"] = &fstest.MapFile{Data: []byte("[package]\nname = \"one\"\nversion = \"0.1.0\"\n")}
	if got := load(t, files).PackedManifest(); got != "" {
		t.Errorf("a single package is packed with %q", got)
	}
}

func TestNeededAndHost(t *testing.T) {
	for dependency, want := range map[string][2]bool{ // needed, host
		"[dependencies]\nm = { path = \"m\" }\n":                       {true, true},
		"[dependencies]\nm = { path = \"m\", optional = true }\n":      {true, false},
		"[dev-dependencies]\nm = { path = \"m\" }\n":                   {true, false},
		"[dependencies]\nm.workspace = true\n":                         {true, true},
		"[target.'cfg(windows)'.dependencies]\nm = { path = \"m\" }\n": {true, false},
		"": {false, false},
	} {
		p := load(t, fstest.MapFS{
			"Cargo.toml": {Data: []byte("[workspace]\nmembers = [\"m\"]\n[workspace.dependencies]\nm = { path = \"m\" }\n[package]\nname = \"a\"\nversion = \"0.1.0\"\n" + dependency)},
			"src/lib.rs": {}, "m/src/lib.rs": {},
			"m/Cargo.toml": {Data: []byte("[package]\nname = \"m\"\nversion = \"0.1.0\"\n[lib]\nproc-macro = true\n")},
		})
		m := *p.Member("m")
		if got := [2]bool{p.Needed(m), p.Host(m)}; got != want {
			t.Errorf("%q: needed and host are %v, want %v", dependency, got, want)
		}
	}
}

func TestTestProfile(t *testing.T) {
	for manifest, want := range map[string]string{
		"": "release",
		"[profile.release]\nlto = \"off\"\nopt-level = 2\nstrip = true\n": "release",
		"[profile.release]\nlto = false\n":                                "release",
		"[profile.release]\nlto = true\n":                                 "dev",
		"[profile.release]\nlto = \"thin\"\n":                             "dev",
		"[profile.release]\npanic = \"abort\"\n":                          "dev",
		"[profile.dev]\nopt-level = 1\n":                                  "dev",
		"[profile.test.package.\"*\"]\nopt-level = 2\n":                   "dev",
	} {
		p := load(t, fstest.MapFS{"Cargo.toml": {Data: []byte("[package]\nname = \"a\"\nversion = \"0.1.0\"\n" + manifest)}, "src/lib.rs": {}})
		if p.TestProfile != want {
			t.Errorf("%q: %s, want %s", manifest, p.TestProfile, want)
		}
	}
	for config, want := range map[string]string{"[net]\noffline = true\n": "release", "[profile.test]\n": "dev", "[": "dev"} {
		p := load(t, fstest.MapFS{
			"Cargo.toml": {Data: []byte("[package]\nname = \"a\"\nversion = \"0.1.0\"\n")}, "src/lib.rs": {},
			".cargo/config.toml": {Data: []byte(config)},
		})
		if p.TestProfile != want {
			t.Errorf("configuration %q: %s, want %s", config, p.TestProfile, want)
		}
	}
}
