package cargo

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// family is a package and the one of its procedural macros, called after it.
func family(name, features string) fstest.MapFS {
	macros := name + "_macros"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"Cargo.toml": file("[workspace]\nmembers = [\"macros\"]\n[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n" +
			"[dependencies]\n" + macros + " = { version = \"=0.1.0\", path = \"macros\" }\n" + strings.ReplaceAll(features, "MACROS", macros)),
		"src/lib.rs":        file(""),
		"macros/Cargo.toml": file("[package]\nname = \"" + macros + "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n[features]\nmore = []\n"),
		"macros/src/lib.rs": file(""),
		"Cargo.lock": file("version = 4\n\n[[package]]\nname = \"" + name + "\"\nversion = \"0.1.0\"\ndependencies = [\n \"" + macros + "\",\n]\n\n" +
			"[[package]]\nname = \"" + macros + "\"\nversion = \"0.1.0\"\n"),
	}
}

// A new crate of a pack finds the dependencies compiled for the one before, so
// the names of packages that need each other must not be in the skeleton, unless
// features speak of them.
func TestSkeletonForgetsNamesOfSiblings(t *testing.T) {
	for features, want := range map[string]bool{
		"":                                       true,
		"[features]\nmore = [\"MACROS/more\"]\n": false,
	} {
		var made []map[string][]byte
		for _, name := range []string{"first", "other"} {
			s, err := NewSkeleton(family(name, features))
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, s.Files)
		}
		if same := maps.EqualFunc(made[0], made[1], slices.Equal[[]byte]); same != want {
			t.Errorf("features %q: the same skeleton is %v, want %v:\n%s\n%s", features, same, want, made[0]["Cargo.toml"], made[1]["Cargo.toml"])
		}
	}
}
