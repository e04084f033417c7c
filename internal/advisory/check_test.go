package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// entry gives one advisory's file.
func entry(id, pkg, more, versions string) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, "```toml\n[advisory]\nid = %q\npackage = %q\ndate = \"2024-05-06\"\n%s\n\n[versions]\n%s\n```\n\n# Title of %s\n\nText.\n", id, pkg, more, versions, id)}
}

func sampleDB() fstest.MapFS {
	return fstest.MapFS{
		"crates/a/RUSTSEC-2024-0001.md": entry("RUSTSEC-2024-0001", "a", `aliases = ["CVE-2024-1"]`+"\n"+`cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"`, `patched = [">= 1.2.0"]`+"\n"+`unaffected = ["< 1.0.0"]`+"\n[affected.functions]\n\"a::f\" = [\"< 1.2.0\"]"),
		"crates/a/RUSTSEC-2024-0002.md": entry("RUSTSEC-2024-0002", "a", `withdrawn = "2024-06-01"`, `patched = []`),
		"crates/b/RUSTSEC-2024-0003.md": entry("RUSTSEC-2024-0003", "b", `informational = "unmaintained"`, `patched = []`),
		"crates/b/RUSTSEC-2024-0004.md": entry("RUSTSEC-2024-0004", "b", `informational = "unsound"`, `patched = [">= 2"]`),
		"crates/b/RUSTSEC-2024-0005.md": entry("RUSTSEC-2024-0005", "b", `informational = "notice"`, `patched = []`),
		"crates/b/RUSTSEC-2024-0006.md": entry("RUSTSEC-2024-0006", "b", `informational = "malicious-intent"`, `patched = []`),
		"crates/w/RUSTSEC-2024-0007.md": entry("RUSTSEC-2024-0007", "w", `cvss = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N"`, "patched = []\n[affected]\nos = [\"windows\"]"),
		"crates/x/RUSTSEC-0000-0000.md": {Data: []byte("a draft")},
		"rust/std/CVE-2024-24576.md":    entry("CVE-2024-24576", "std", "", `patched = [">= 1.77.2"]`),
		"support.toml":                  {Data: []byte("x")},
	}
}

func mustLoad(t *testing.T, dir fs.FS) *DB {
	t.Helper()
	db, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func ids(list []Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Advisory.ID+" "+f.Package.key())
	}
	return strings.Join(out, ", ")
}

func TestCheckSortsFindingsByKind(t *testing.T) {
	db := mustLoad(t, sampleDB())
	r, err := Check([]Package{
		{"b", "1.0.0", true}, {"a", "1.2.0-rc.1", true}, {"a", "1.1.0", true}, {"a", "1.2.0", true}, {"a", "0.9.0", true},
		{"a", "1.1.0", false}, {"w", "0.1.0", true}, {"unknown", "1.0.0", true},
	}, db, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, got, want string }{
		{"vulnerabilities", ids(r.Vulnerabilities), "RUSTSEC-2024-0001 a 1.1.0, RUSTSEC-2024-0001 a 1.2.0-rc.1, RUSTSEC-2024-0007 w 0.1.0"},
		{"unmaintained", ids(r.Unmaintained), "RUSTSEC-2024-0003 b 1.0.0"},
		{"unsound", ids(r.Unsound), "RUSTSEC-2024-0004 b 1.0.0"},
		{"notices", ids(r.Notices), "RUSTSEC-2024-0005 b 1.0.0"},
		{"other", ids(r.Other), "RUSTSEC-2024-0006 b 1.0.0"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, tt.got, tt.want)
		}
	}
	if r.Checked != 7 || len(r.Skipped) != 1 {
		t.Errorf("checked %d, skipped %v", r.Checked, r.Skipped)
	}
	a := r.Vulnerabilities[0].Advisory
	if a.Severity != "critical" || a.Score == nil || *a.Score != 9.8 || a.Title != "Title of RUSTSEC-2024-0001" ||
		!slices.Equal(a.Aliases, []string{"CVE-2024-1"}) || !slices.Equal(a.Functions["a::f"], []string{"< 1.2.0"}) {
		t.Errorf("advisory: %+v", a)
	}
	if w := r.Vulnerabilities[2].Advisory; w.Severity != "medium" {
		t.Errorf("CVSS 4.0: %s %v", w.Severity, *w.Score)
	}
	if r.Yanked.Status != "not checked" || r.Toolchain != nil {
		t.Errorf("without index and toolchain: %+v, %v", r.Yanked, r.Toolchain)
	}
	if r.Revision.Kind != "digest" || len(r.Revision.ID) != 64 || r.Newest != "2024-05-06" || r.Advisories != 8 {
		t.Errorf("database: %+v %s %d", r.Revision, r.Newest, r.Advisories)
	}
}

func TestCheckIgnore(t *testing.T) {
	db := mustLoad(t, sampleDB())
	packages := []Package{{"a", "1.1.0", true}, {"b", "1.0.0", true}}
	r, err := Check(packages, db, Options{Ignore: []Ignore{{"RUSTSEC-2024-0001", "f is never called"}, {"RUSTSEC-2024-0007", "left over"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Vulnerabilities) != 0 || len(r.Unmaintained) != 1 {
		t.Errorf("found %v, %v", r.Vulnerabilities, r.Unmaintained)
	}
	if len(r.Ignored) != 2 || len(r.Ignored[0].Packages) != 1 || r.Ignored[0].Reason != "f is never called" || len(r.Ignored[1].Packages) != 0 {
		t.Errorf("ignored: %+v", r.Ignored)
	}
	for _, bad := range [][]Ignore{{{"RUSTSEC-2024-0001", " "}}, {{"all", "x"}}, {{"RUSTSEC-2024-0001", "x"}, {"RUSTSEC-2024-0001", "y"}}} {
		if _, err := Check(packages, db, Options{Ignore: bad}); err == nil {
			t.Errorf("ignore list %v was taken", bad)
		}
	}
}

func TestCheckPlatform(t *testing.T) {
	db := mustLoad(t, sampleDB())
	for _, tt := range []struct {
		os   []string
		want int
	}{{nil, 1}, {[]string{"linux"}, 0}, {[]string{"linux", "windows"}, 1}} {
		r, err := Check([]Package{{"w", "0.1.0", true}}, db, Options{OS: tt.os})
		if err != nil || len(r.Vulnerabilities) != tt.want {
			t.Errorf("os %v: %v, %v", tt.os, r, err)
		}
	}
}

func TestCheckYanked(t *testing.T) {
	db := mustLoad(t, sampleDB())
	packages := []Package{{"p", "1.0.0", true}, {"q", "1.0.0", true}, {"p", "1.0.0", false}}
	for _, tt := range []struct {
		index  map[string]bool
		status string
		found  int
	}{
		{nil, "not checked", 0},
		{map[string]bool{"p 1.0.0": true}, "partly checked", 1},
		{map[string]bool{"p 1.0.0": true, "q 1.0.0": false}, "checked", 1},
		{map[string]bool{"p 1.0.0": false, "q 1.0.0": false}, "checked", 0},
	} {
		r, err := Check(packages, db, Options{Yanked: tt.index})
		if err != nil || r.Yanked.Status != tt.status || len(r.Yanked.Found) != tt.found {
			t.Errorf("%v: %+v, %v", tt.index, r.Yanked, err)
		}
	}
}

func TestCheckToolchain(t *testing.T) {
	db := mustLoad(t, sampleDB())
	for version, want := range map[string]int{"1.77.1": 1, "1.77.2": 0} {
		r, err := Check(nil, db, Options{Rust: version})
		if err != nil || r.Toolchain == nil || len(r.Toolchain) != want {
			t.Errorf("Rust %s: %v, %v", version, r, err)
		}
	}
	if _, err := Check(nil, db, Options{Rust: "stable"}); err == nil {
		t.Error("a toolchain without a version was taken")
	}
}

func TestCheckBadVersion(t *testing.T) {
	if _, err := Check([]Package{{"a", "1.x", true}}, mustLoad(t, sampleDB()), Options{}); err == nil {
		t.Error("a version that is none was taken")
	}
}

func TestNoDatabase(t *testing.T) {
	for _, dir := range []fs.FS{nil, fstest.MapFS{}, fstest.MapFS{"README.md": {}}, fstest.MapFS{"rust/std/CVE-2024-24576.md": entry("CVE-2024-24576", "std", "", "patched = []")}} {
		if _, err := Load(dir); !errors.Is(err, ErrNoDatabase) {
			t.Errorf("%v: %v", dir, err)
		}
	}
	if _, err := Check(nil, nil, Options{}); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("nil database: %v", err)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	for name, file := range map[string]*fstest.MapFile{
		"crates/z/RUSTSEC-2024-0009.md": {Data: []byte("no front matter")},
		"crates/y/RUSTSEC-2024-0009.md": entry("RUSTSEC-2024-0009", "z", "", "patched = []"),
		"crates/z/RUSTSEC-2024-0010.md": entry("RUSTSEC-2024-0009", "z", "", "patched = []"),
		"crates/z/RUSTSEC-2024-0011.md": entry("RUSTSEC-2024-0011", "z", "", `patched = ["what"]`),
		"crates/z/RUSTSEC-2024-0012.md": entry("RUSTSEC-2024-0012", "z", `cvss = "CVSS:3.1/AV:?"`, "patched = []"),
		"crates/z/RUSTSEC-2024-0013.md": entry("RUSTSEC-2024-0013", "z", `withdrawn = "later"`, "patched = []"),
		"crates/z/RUSTSEC-2024-0001.md": entry("RUSTSEC-2024-0001", "z", "", "patched = []"),
		"crates/z/RUSTSEC-2024-0014.md": {Data: []byte("```toml\n[advisory]\nid = \"RUSTSEC-2024-0014\"\npackage = \"z\"\ndate = \"2024-01-01\"\n```\n# T\n")},
		"crates/z/RUSTSEC-2024-0015.md": {Data: []byte("```toml\n" + strings.Repeat("#", maxAdvisoryBytes))},
		"crates/z/RUSTSEC-2024-0016.md": {Data: []byte("```toml\n[advisory]\nid = \n```\n# T\n")},
	} {
		dir := sampleDB()
		dir[name] = file
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRevisionOfCheckout(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for name, files := range map[string]map[string]string{
		"detached": {".git/HEAD": commit + "\n"},
		"branch":   {".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": commit + "\n"},
		"packed":   {".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "# pack-refs\n" + commit + " refs/heads/main\n"},
	} {
		dir := sampleDB()
		for path, text := range files {
			dir[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if db := mustLoad(t, dir); db.Revision != (Revision{"git", commit}) {
			t.Errorf("%s: %+v", name, db.Revision)
		}
	}
	for _, head := range []string{"ref: ../../etc/passwd", "ref: refs/heads/gone", "nonsense"} {
		dir := sampleDB()
		dir[".git/HEAD"] = &fstest.MapFile{Data: []byte(head)}
		if db, err := Load(dir); err == nil {
			t.Errorf("HEAD %q gave %+v", head, db.Revision)
		}
	}
}

func TestDigestFollowsContent(t *testing.T) {
	a := mustLoad(t, sampleDB())
	changed := sampleDB()
	changed["crates/w/RUSTSEC-2024-0007.md"].Data = append(changed["crates/w/RUSTSEC-2024-0007.md"].Data, '\n')
	if b := mustLoad(t, changed); a.Digest == b.Digest {
		t.Error("the digest did not follow a change")
	}
	if b := mustLoad(t, sampleDB()); a.Digest != b.Digest {
		t.Error("the digest is not stable")
	}
}

func FuzzAdvisory(f *testing.F) {
	for _, file := range sampleDB() {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseAdvisory(data)
		if err == nil && (a.ID == "" || a.Package == "" || len(a.safe) != len(a.Patched)+len(a.Unaffected)) {
			t.Errorf("half-read advisory: %+v", a)
		}
	})
}
