package cargo

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestRecordedCoverage(t *testing.T) {
	var before string
	for _, name := range []string{"summary", "full"} { // llvm-cov 22, with and without -summary-only
		c, err := ParseCoverage(bytes.NewReader(golden(t, "coverage/"+name+".json")), "/src/sample/", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.Lines.Covered != 8 || c.Lines.Total != 11 || c.Functions.Covered != 6 || c.Functions.Total != 9 || c.Regions.Covered != 19 || c.Regions.Total != 34 || c.LeftOut != 1 || len(c.Files) != 2 {
			t.Errorf("%s: %+v", name, c)
		}
		if p := c.Lines.Percent; p == nil || math.Abs(*p-800.0/11) > 1e-9 {
			t.Errorf("%s: percent %v", name, p)
		}
		if text := fmt.Sprint(c.Files[0].Path, c.Files[0].Lines.Covered, c.Files[1].Path); before != "" && text != before {
			t.Errorf("%s: %s, before %s", name, text, before)
		} else {
			before = text
		}
	}
	all, err := ParseCoverage(bytes.NewReader(golden(t, "coverage/summary.json")), "/src/sample", func(string) bool { return false })
	if err != nil || len(all.Files) != 3 || all.LeftOut != 0 || all.Lines.Total != 13 {
		t.Errorf("all files: %+v, %v", all, err)
	}
}

func coverageJSON(files ...string) string {
	return `{"type":"llvm.coverage.json.export","version":"3.1.0","data":[{"files":[` + strings.Join(files, ",") + `]}]}`
}

func coverageFile(name string, covered, count int) string {
	figure := fmt.Sprintf(`{"count":%d,"covered":%d}`, count, covered)
	return fmt.Sprintf(`{"filename":%q,"summary":{"lines":%s,"functions":%s,"regions":%s}}`, name, figure, figure, figure)
}

func TestCoverage(t *testing.T) {
	c, err := ParseCoverage(strings.NewReader(coverageJSON(
		coverageFile("/w/src/b.rs", 1, 2), coverageFile("/w/src/a.rs", 0, 0), coverageFile("/w/crates/x/src/lib.rs", 1, 2),
		coverageFile("/w/tests/t.rs", 9, 9), coverageFile("/w/crates/x/tests/common/mod.rs", 9, 9), coverageFile("/w/build.rs", 9, 9),
		coverageFile("/w/target/debug/build/x/out/gen.rs", 9, 9), coverageFile("/rustc/library/core.rs", 9, 9), coverageFile("/w2/src/lib.rs", 9, 9),
	)), "/w", nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range c.Files {
		names = append(names, f.Path)
	}
	if !slices.Equal(names, []string{"crates/x/src/lib.rs", "src/a.rs", "src/b.rs"}) || c.LeftOut != 6 || c.Lines.Covered != 2 || *c.Lines.Percent != 50 || c.Files[1].Lines.Percent != nil {
		t.Errorf("%v, %+v", names, c)
	}
	for name, text := range map[string]string{
		"empty":            "",
		"not JSON":         "error: no profile",
		"other JSON":       `{"data":[]}`,
		"no files":         coverageJSON(),
		"none of ours":     coverageJSON(coverageFile("/x/src/lib.rs", 1, 1)),
		"more than all":    coverageJSON(coverageFile("/w/src/lib.rs", 2, 1)),
		"negative":         coverageJSON(coverageFile("/w/src/lib.rs", -1, 1)),
		"no figures":       coverageJSON(`{"filename":"/w/src/lib.rs","summary":{}}`),
		"twice":            coverageJSON(coverageFile("/w/src/lib.rs", 1, 1), coverageFile("/w/src/../src/lib.rs", 1, 1)),
		"leaves by dots":   coverageJSON(coverageFile("/w/../x/lib.rs", 1, 1)),
		"cut off":          coverageJSON(coverageFile("/w/src/lib.rs", 1, 1))[:120],
		"nothing relative": coverageJSON(coverageFile("src/lib.rs", 1, 1)),
	} {
		if c, err := ParseCoverage(strings.NewReader(text), "/w", nil); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestFormatting(t *testing.T) {
	f := ParseFormatting(golden(t, "fmt.stdout"), nil, "/src/sample")
	if want := []string{"benches/b.rs", "src/lib.rs", "src/main.rs", "tests/custom.rs", "tests/plain.rs", "tests/zabort.rs"}; !slices.Equal(f.Files, want) || f.Places < len(want) || f.Errors != nil {
		t.Errorf("%+v", f)
	}
	f = ParseFormatting([]byte("Diff in /w/a b.rs at line 3:\n-x\n+Diff in /w/no.rs:1:\n Diff in /w/no.rs:1:\nDiff in /w/a b.rs:9:\n"), []byte("error: expected one of `!`\n --> /w/src/lib.rs:1:1\n"), "/w")
	if !slices.Equal(f.Files, []string{"a b.rs"}) || f.Places != 2 || len(f.Errors) != 1 {
		t.Errorf("%+v", f)
	}
	if f = ParseFormatting(nil, nil, "/w"); f.Files == nil || len(f.Files) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestPackageList(t *testing.T) {
	files, err := ParsePackageList(golden(t, "package-list.stdout"))
	if err != nil || !slices.Contains(files, "src/lib.rs") || !slices.Contains(files, "Cargo.lock") {
		t.Errorf("%v, %v", files, err)
	}
	for _, bad := range []string{"", "src/lib.rs\n", "Cargo.toml\n../x\n", "Cargo.toml\n/etc/passwd\n"} {
		if files, err := ParsePackageList([]byte(bad)); err == nil {
			t.Errorf("%q gave %v", bad, files)
		}
	}
}

func TestPackaging(t *testing.T) {
	p := ParsePackaging([]byte("warning: manifest has no description\n  |\n   Packaging one v0.1.0 (/w/one)\n    Packaged 14 files, 14.8KiB (3.6KiB compressed)\n   Verifying one v0.1.0 (/w/one)\n   Compiling one v0.1.0 (/w/target/package/one-0.1.0)\n   Packaging two v1.0.0-rc.1 (/w/two)\nerror: failed to package\n"))
	if len(p.Packages) != 2 || len(p.Warnings) != 1 || len(p.Errors) != 1 {
		t.Fatalf("%+v", p)
	}
	one, two := p.Packages[0], p.Packages[1]
	if *one.Files != 14 || one.Size != "14.8KiB" || one.Compressed != "3.6KiB" || !one.Verified || one.Uploading || one.DryRun {
		t.Errorf("%+v", one)
	}
	if two.Name != "two" || two.Version != "1.0.0-rc.1" || two.Files != nil || two.Verified {
		t.Errorf("%+v", two)
	}
	p = ParsePackaging([]byte("    Updating `local` index\n   Packaging one v0.1.0 (/w/one)\n    Packaged 1 file, 14B (3B compressed)\n   Uploading one v0.1.0 (/w/one)\nwarning: aborting upload due to dry run\n"))
	if one := p.Packages[0]; !one.Uploading || !one.DryRun || *one.Files != 1 || len(p.Warnings) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestBenches(t *testing.T) {
	r := ParseBenches([]byte("\nrunning 3 tests\ntest a ... ok\ntest b ... bench:   1,234.50 ns/iter (+/- 5)\ntest c ... FAILED\nTesting fib/20\nSuccess\nTesting slow\n"), []byte(running("b-1", "c-2")))
	if !slices.Equal(r.Programs, []string{"b-1", "c-2"}) || len(r.Benchmarks) != 3 || !slices.Equal(r.Failed, []string{"c", "slow"}) {
		t.Fatalf("%+v", r)
	}
	if r.Benchmarks[0].NsPerIter != nil || *r.Benchmarks[1].NsPerIter != 1234.5 || r.Benchmarks[2].Name != "fib/20" {
		t.Errorf("%+v", r.Benchmarks)
	}
}

func FuzzTools(f *testing.F) {
	f.Add(golden(f, "coverage/summary.json"))
	f.Add(golden(f, "coverage/full.json"))
	f.Add(golden(f, "fmt.stdout"))
	f.Add([]byte("   Packaging one v0.1.0 (/w/one)\n    Packaged 14 files, 14.8KiB (3.6KiB compressed)\n"))
	f.Add([]byte("test b ... bench:   1,234.50 ns/iter (+/- 5)\nTesting x\nSuccess\n"))
	f.Add([]byte(`{"dl":"https://x/{crate}"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := ParseCoverage(bytes.NewReader(data), "/src/sample", nil); err == nil && (c.Lines.Covered > c.Lines.Total || len(c.Files) == 0) {
			t.Errorf("%+v", c)
		}
		if f := ParseFormatting(data, data, "/src/sample"); len(f.Files) > f.Places {
			t.Errorf("%+v", f)
		}
		if files, err := ParsePackageList(data); err == nil && len(files) == 0 {
			t.Error("an empty list")
		}
		for _, p := range ParsePackaging(data).Packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("%+v", p)
			}
		}
		ParseBenches(data, data)
		if c, err := ParseRegistryConfig(data); err == nil {
			if u, err := c.CrateURL("a", "1.0.0", sumA); err == nil && !strings.HasPrefix(u, "http") {
				t.Errorf("%s", u)
			}
		}
	})
}
