package main

import (
	"path/filepath"
	"testing"

	"github.com/sixtyhq/sixty/internal/market"
)

func TestSourceSpec(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, test := range []struct {
		arg, ref, subdir string
		want             market.SourceSpec // zero: refused
	}{
		{arg: "packs", want: market.SourceSpec{Dir: filepath.Join(dir, "packs")}},
		{arg: "oci://registry.example.org/team/packs", want: market.SourceSpec{OCI: "registry.example.org/team/packs"}},
		{arg: "https://example.org/index.json", want: market.SourceSpec{HTTP: "https://example.org/index.json"}},
		{arg: "https://example.org/packs.git", want: market.SourceSpec{Git: "https://example.org/packs.git"}},
		{arg: "git+https://example.org/packs.json", ref: "v1", want: market.SourceSpec{Git: "https://example.org/packs.json", Ref: "v1"}},
		{arg: "git@example.org:team/packs", subdir: "a/b", want: market.SourceSpec{Git: "git@example.org:team/packs", Subdir: "a/b"}},
		{arg: "ssh://example.org/packs", want: market.SourceSpec{Git: "ssh://example.org/packs"}},
		{arg: dir, ref: "v1", want: market.SourceSpec{Git: dir, Ref: "v1"}},
		{arg: "oci://registry.example.org/packs", ref: "v1"},
		{arg: "https://example.org/index.json", subdir: "x"},
	} {
		got, err := sourceSpec(test.arg, test.ref, test.subdir)
		switch {
		case test.want == market.SourceSpec{}:
			if err == nil {
				t.Errorf("%q at %q in %q is taken as %+v", test.arg, test.ref, test.subdir, got)
			}
		case err != nil:
			t.Errorf("%q: %v", test.arg, err)
		case got != test.want:
			t.Errorf("%q: %+v, want %+v", test.arg, got, test.want)
		}
	}
}
