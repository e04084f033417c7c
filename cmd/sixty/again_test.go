package main

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAgainClaim(t *testing.T) {
	one := digests{Rendered: strings.Repeat("a", 64), Plan: strings.Repeat("b", 64)}
	for name, c := range map[string]struct {
		second digests
		want   string
	}{
		"same":     {one, ""},
		"rendered": {digests{Rendered: strings.Repeat("c", 64), Plan: one.Plan}, "the rendered files came out otherwise in the second process"},
		"plan":     {digests{Rendered: one.Rendered, Plan: strings.Repeat("c", 64)}, "the plan came out otherwise in the second process"},
	} {
		got := (&again{first: one, second: c.second, varied: []string{"process"}}).claim()
		if got.Holds != (c.want == "") || got.Detail != c.want || len(got.Evidence) != 4 || len(got.Varied) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := (&again{first: digests{Plan: one.Plan}, second: digests{Plan: one.Plan}}).claim(); !got.Holds || len(got.Evidence) != 2 {
		t.Errorf("a crate that exists: %+v", got)
	}
}

func TestElsewhereEnv(t *testing.T) {
	for before, want := range map[string][]string{
		"LANG=C.UTF-8 HOME=/h TZ=UTC": {"LANG=C.UTF-8", "HOME=/h", "LC_ALL=C", "TZ=SXT-14", "TMPDIR=/tmp/x"},
		"LC_ALL=C TZ=SXT-14":          {"LC_ALL=C.UTF-8", "TZ=SXT+11", "TMPDIR=/tmp/x"},
	} {
		if got, _ := elsewhereEnv(strings.Fields(before), "/tmp/x"); !slices.Equal(got, want) {
			t.Errorf("%s becomes %q, want %q", before, got, want)
		}
	}
}

func TestBackwards(t *testing.T) {
	sub, err := fs.Sub(backwards{fstest.MapFS{"t/a": {}, "t/b": {}, "t/c/d": {}, "t/c/e": {}}}, "t")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = fs.WalkDir(sub, ".", func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if want := []string{".", "c", "c/e", "c/d", "b", "a"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("walked %q, %v", names, err)
	}
}
