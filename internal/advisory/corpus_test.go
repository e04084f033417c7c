package advisory_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/cargo"
)

var update = flag.Bool("update", false, "record the answers of the cargo-audit that SIXTY_CARGO_AUDIT names")

// answers are findings by kind, each "id name version" or, for yanked ones,
// "name version". They are what cargo-audit and this package are compared by.
type answers map[string][]string

// recorded is testdata/expected.json: what cargo-audit said, and of which
// database it said it.
type recorded struct {
	CargoAudit string             `json:"cargo_audit"`
	Database   string             `json:"database_digest"`
	Answers    map[string]answers `json:"answers"`
}

const expectedFile = "testdata/expected.json"

// TestCorpus compares this package with the recorded answers of cargo-audit.
// With SIXTY_CARGO_AUDIT it runs cargo-audit itself as well; with -update it
// records anew. cargo-audit knows yanked versions from cargo's cached index
// alone, so `cargo fetch` has to have seen those crates before.
func TestCorpus(t *testing.T) {
	dir, db := database(t)
	tool := os.Getenv("SIXTY_CARGO_AUDIT")
	var want recorded
	if *update {
		if tool == "" {
			t.Fatal("-update needs SIXTY_CARGO_AUDIT, the path of a cargo-audit")
		}
		want = recorded{CargoAudit: toolVersion(t, tool), Database: db.Digest, Answers: map[string]answers{}}
	} else {
		readJSON(t, expectedFile, &want)
		if want.Database != db.Digest {
			t.Fatalf("the answers are recorded for the database %s, this one is %s: record them again with -update", want.Database, db.Digest)
		}
	}
	locks, err := filepath.Glob("testdata/corpus/*.lock")
	if err != nil || len(locks) < 12 {
		t.Fatalf("corpus: %v, %v", locks, err)
	}
	for _, lock := range locks {
		name := strings.TrimSuffix(filepath.Base(lock), ".lock")
		t.Run(name, func(t *testing.T) {
			if *update {
				want.Answers[name] = audit(t, tool, dir, lock)
			} else if tool != "" {
				diff(t, "recorded", want.Answers[name], "cargo-audit", audit(t, tool, dir, lock))
			}
			got := check(t, db, lock)
			if _, ok := want.Answers[name]; !ok {
				t.Fatal("there is no recorded answer")
			}
			diff(t, "cargo-audit", want.Answers[name], "here", got)
		})
	}
	for name := range want.Answers {
		if !slices.Contains(locks, "testdata/corpus/"+name+".lock") {
			t.Errorf("there is an answer for %s and no lockfile", name)
		}
	}
	if *update {
		data, err := json.MarshalIndent(want, "", " ")
		if err == nil {
			err = os.WriteFile(expectedFile, append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryBoundary asks cargo-audit about every package of the database, in
// each version around each bound that any advisory names: thousands of answers.
func TestEveryBoundary(t *testing.T) {
	tool := os.Getenv("SIXTY_CARGO_AUDIT")
	if tool == "" {
		t.Skip("SIXTY_CARGO_AUDIT does not name a cargo-audit")
	}
	dir, db := database(t)
	lock := filepath.Join(t.TempDir(), "Cargo.lock")
	text, n := boundaries(t, dir)
	if err := os.WriteFile(lock, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want := audit(t, tool, dir, lock)
	got := check(t, db, lock)
	delete(got, "yanked") // these versions are made up
	delete(want, "yanked")
	diff(t, "cargo-audit", want, "here", got)
	total := 0
	for _, list := range want {
		total += len(list)
	}
	if total < n/10 {
		t.Errorf("%d findings for %d versions: the comparison has lost its meaning", total, n)
	}
	t.Logf("%d findings over %d versions agree", total, n)
}

// boundaries writes a lockfile of all packages of the database in all versions
// next to a bound.
func boundaries(t *testing.T, dir string) (text string, n int) {
	t.Helper()
	versions := map[string]map[string]bool{}
	err := filepath.WalkDir(filepath.Join(dir, "crates"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		front, _, _ := strings.Cut(string(data), "\n```")
		pkg := filepath.Base(filepath.Dir(path))
		if versions[pkg] == nil {
			versions[pkg] = map[string]bool{"0.0.0": true, "999.0.0": true}
		}
		for word := range strings.FieldsFuncSeq(front, func(r rune) bool { return strings.ContainsRune(" \t\n\",[]<>=^~", r) }) {
			v, err := semver.NewVersion(word)
			if err != nil || strings.HasPrefix(word, "v") {
				continue
			}
			for _, near := range around(v) {
				versions[pkg][near] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("version = 4\n")
	for _, pkg := range slices.Sorted(maps.Keys(versions)) {
		for _, v := range slices.Sorted(maps.Keys(versions[pkg])) {
			fmt.Fprintf(&b, "\n[[package]]\nname = %q\nversion = %q\nsource = \"registry+%s\"\nchecksum = \"%064d\"\n", pkg, v, cargo.CratesIO, 0)
			n++
		}
	}
	return b.String(), n
}

// around gives versions at, just below and just above one.
func around(v *semver.Version) []string {
	major, minor, patch := v.Major(), v.Minor(), v.Patch()
	core := fmt.Sprintf("%d.%d.%d", major, minor, patch)
	out := []string{
		core, core + "-0", core + "-alpha.1", core + "-rc.1", core + "+build.1",
		fmt.Sprintf("%d.%d.%d-0", major, minor, patch+1), fmt.Sprintf("%d.%d.%d", major, minor, patch+1),
		fmt.Sprintf("%d.%d.0-0", major, minor+1), fmt.Sprintf("%d.%d.0", major, minor+1),
		fmt.Sprintf("%d.0.0-0", major+1), fmt.Sprintf("%d.0.0", major+1),
	}
	if patch > 0 {
		out = append(out, fmt.Sprintf("%d.%d.%d", major, minor, patch-1))
	}
	if pre := v.Prerelease(); pre != "" {
		out = append(out, core+"-"+pre, core+"-"+pre+".0", core+"-"+pre+"a")
	}
	return out
}

// check gives this package's answers for a lockfile.
func check(t *testing.T, db *advisory.DB, lockfile string) answers {
	t.Helper()
	data, err := os.ReadFile(lockfile)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := cargo.ParseLock(data)
	if err != nil {
		t.Fatal(err)
	}
	var packages []advisory.Package
	for _, p := range lock.Packages {
		packages = append(packages, advisory.Package{Name: p.Name, Version: p.Version, CratesIO: p.Source != nil && p.Source.IsCratesIO()})
	}
	var yanked map[string]bool
	readJSON(t, "testdata/yanked.json", &yanked)
	r, err := advisory.Check(packages, db, advisory.Options{Yanked: yanked})
	if err != nil {
		t.Fatal(err)
	}
	out := answers{}
	for kind, list := range map[string][]advisory.Finding{
		"vulnerability": r.Vulnerabilities, "unmaintained": r.Unmaintained, "unsound": r.Unsound, "notice": r.Notices,
	} {
		for _, f := range list {
			out[kind] = append(out[kind], f.Advisory.ID+" "+f.Package.Name+" "+f.Package.Version)
		}
		slices.Sort(out[kind])
	}
	for _, p := range r.Yanked.Found {
		out["yanked"] = append(out["yanked"], p.Name+" "+p.Version)
	}
	slices.Sort(out["yanked"])
	return out
}

// audit gives cargo-audit's answers for a lockfile.
func audit(t *testing.T, tool, dir, lockfile string) answers {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, "audit", "--no-fetch", "--db", dir, "--file", lockfile, "--json")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	// Exit code 1 says that there are vulnerabilities.
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		t.Fatalf("cargo-audit: %v: %s", err, stderr.String())
	}
	type finding struct {
		Advisory *struct {
			ID string `json:"id"`
		} `json:"advisory"`
		Package struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"package"`
	}
	var r struct {
		Vulnerabilities struct {
			List []finding `json:"list"`
		} `json:"vulnerabilities"`
		Warnings map[string][]finding `json:"warnings"`
	}
	if err := json.Unmarshal(stdout, &r); err != nil {
		t.Fatalf("cargo-audit: %v: %s", err, stderr.String())
	}
	if r.Warnings == nil {
		r.Warnings = map[string][]finding{}
	}
	r.Warnings["vulnerability"] = r.Vulnerabilities.List
	out := answers{}
	for kind, list := range r.Warnings {
		for _, f := range list {
			text := f.Package.Name + " " + f.Package.Version
			if f.Advisory != nil {
				text = f.Advisory.ID + " " + text
			}
			out[kind] = append(out[kind], text)
		}
		slices.Sort(out[kind])
	}
	return out
}

func diff(t *testing.T, nameA string, a answers, nameB string, b answers) {
	t.Helper()
	for _, kind := range []string{"vulnerability", "unmaintained", "unsound", "notice", "yanked"} {
		for _, f := range a[kind] {
			if !slices.Contains(b[kind], f) {
				t.Errorf("%s: %s only says %s", kind, nameA, f)
			}
		}
		for _, f := range b[kind] {
			if !slices.Contains(a[kind], f) {
				t.Errorf("%s: %s only says %s", kind, nameB, f)
			}
		}
		if len(a[kind]) != len(b[kind]) {
			t.Errorf("%s: %s says %d, %s %d", kind, nameA, len(a[kind]), nameB, len(b[kind]))
		}
	}
}

// database loads the advisory database that lies beside the repository.
func database(t *testing.T) (string, *advisory.DB) {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("SIXTY_SHARED"), filepath.Join("..", "..", "..", "shared")), "advisory-db")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skipf("there is no advisory database at %s; SIXTY_SHARED names its parent", dir)
	}
	db, err := advisory.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return dir, db
}

func toolVersion(t *testing.T, tool string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool, "audit", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
