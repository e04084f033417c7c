//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The committed references are what sixty docs prints.
func TestReferences(t *testing.T) {
	root := newApp(io.Discard, io.Discard).rootCommand()
	for file, made := range map[string]string{
		"../../docs/reference/language.md": languageReference(),
		"../../docs/cli.md":                commandReference(root),
	} {
		if *update {
			if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != made {
			t.Errorf("%s is not what the code says; go test -run TestReferences . -update", file)
		}
	}
}

// Every command has a manual page, and says what it does with a word on how.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	root := newApp(io.Discard, io.Discard).rootCommand()
	if err := writeManual(root, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sixty.1", "sixty-plan.1", "sixty-market-search.1"} {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.HasPrefix(page, []byte(".nh\n.TH \"SIXTY")) {
			t.Errorf("%s begins with %.40q", name, page)
		}
	}
}
