package stages

import (
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

func TestRebuild(t *testing.T) {
	in := input(t, string(DefaultPipeline))
	usual, diags := Plan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	around := Surroundings{Prefix: "/else", Hostname: "other", TimeZone: "X-13", CPUs: 1}
	g, diags := Rebuild(in, []string{"testing.build", "validation.package"}, around)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var ids []string
	for _, s := range g.Steps() {
		ids = append(ids, s.ID)
	}
	if got := strings.Join(ids, " "); got != "setup.vendor setup.dependencies testing.build validation.package" {
		t.Errorf("rebuilt are %s", got)
	}
	before, err := plan.Keys(usual, "init")
	if err != nil {
		t.Fatal(err)
	}
	after, err := plan.Keys(g, "init")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range g.Steps() {
		if before[s.ID].Digest == after[s.ID].Digest {
			t.Errorf("%s could come from a cache", s.ID)
		}
		if s.Conditions == nil || s.Conditions.CPUs != 1 || s.Conditions.Hostname != "other" || len(s.Conditions.Links) != 4 {
			t.Errorf("%s: conditions %+v", s.ID, s.Conditions)
		}
		for _, m := range s.Mounts {
			if m.Target != "/crates" && m.Target != "/built" && !strings.HasPrefix(m.Target, "/else/") {
				t.Errorf("%s has %s where it was", s.ID, m.Target)
			}
		}
	}
	build, _ := g.Step("testing.build")
	for _, want := range []string{"TZ=X-13", "LC_ALL=C.UTF-8", "CARGO_TARGET_DIR=/else/target", "HOME=/else/root", "SOURCE_DATE_EPOCH=315532800"} {
		if !slices.Contains(build.Env, want) {
			t.Errorf("environment %q lacks %s", build.Env, want)
		}
	}
	planned, _ := usual.Step("testing.build")
	if build.Dir != "/else/src" || !slices.Equal(build.Command, planned.Command) || build.Outputs[0].Path != "/out/bin" {
		t.Errorf("%+v", build)
	}
	pack, _ := g.Step("validation.package")
	if pack.Outputs[0].Path != "/else/target/package" {
		t.Errorf("the archives are looked for in %s", pack.Outputs[0].Path)
	}
}

func TestOtherLocale(t *testing.T) {
	for env, want := range map[string]string{
		"": "C.UTF-8", "LANG=C.UTF-8": "C", "LANG=de_DE.utf8": "C", "LANG=C": "C.UTF-8",
		"LANG=C.UTF-8 LC_ALL=POSIX": "C.UTF-8", "LC_CTYPE=C.UTF-8": "C",
	} {
		if got := otherLocale(strings.Fields(env)); got != want {
			t.Errorf("%q: %s, want %s", env, got, want)
		}
	}
}
