package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/crate"
)

func TestMedian(t *testing.T) {
	s := func(list ...int) (d []time.Duration) {
		for _, n := range list {
			d = append(d, time.Duration(n)*time.Second)
		}
		return d
	}
	for _, c := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{s(3), 3 * time.Second},
		{s(9, 1, 2), 2 * time.Second},
		{s(1, 4, 100, 2), 3 * time.Second},
	} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestAddLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"before a module", "//! Doc.\n\nmod a;\n", "//! Doc.\n\nNEW\nmod a;\n"},
		{"above what belongs to it", "//! Doc.\n\n/// A.\n#[cfg(test)]\npub mod a;\n", "//! Doc.\n\nNEW\n/// A.\n#[cfg(test)]\npub mod a;\n"},
		{"not in an example of the documentation", "//! use x;\npub use a::B;\n", "//! use x;\nNEW\npub use a::B;\n"},
	} {
		path := filepath.Join(t.TempDir(), "lib.rs")
		if err := os.WriteFile(path, []byte(c.in), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := addLine(path, "NEW"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// reported is a report of a run of a case that is as it should be.
func reported(t *testing.T, name string) report {
	t.Helper()
	text := fmt.Sprintf(`{"deployment_status": "READY", "images": [{"digest": "sha256:1"}], "stages": [
		{"name": "setup", "steps": [
			{"id": "setup.vendor", "status": "passed", "cached": true, "executed": {}},
			{"id": "setup.dependencies", "status": "passed", "cached": %t, "executed": {"user_cpu_ms": 900, "system_cpu_ms": 100}}]},
		{"name": "testing", "steps": [
			{"id": "testing.build", "status": "passed", "cached": %[2]t, "executed": {"user_cpu_ms": 900, "system_cpu_ms": 100}}]},
		{"name": "validation", "steps": [
			{"id": "validation.docs", "status": "passed", "cached": %[2]t, "executed": {}},
			{"id": "validation.audit", "status": "not_run"}]}]}`, name != caseCold, name == caseUnchanged)
	var r report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCheck(t *testing.T) {
	enough := spent{cpu: 5 * time.Second}
	cases := []string{caseCold, caseChanged, caseUnchanged}
	for _, is := range cases {
		for _, asked := range cases {
			if err := reported(t, is).check(asked, "sha256:1", enough); (err == nil) != (is == asked) {
				t.Errorf("a run of the case %q, taken for %q: %v", is, asked, err)
			}
		}
	}
	for _, c := range []struct {
		name, want string
		spoil      func(*report)
		cpu        time.Duration
		image      string
	}{
		{name: "not ready", want: "not READY", spoil: func(r *report) { r.DeploymentStatus = "NOT_READY" }},
		{name: "failed step", want: "validation.docs: failed", spoil: func(r *report) { r.Stages[2].Steps[0].Status = "failed" }},
		{name: "crates unpacked meanwhile", want: "not unpacked before", spoil: func(r *report) { r.Stages[0].Steps[0].Cached = false }},
		{name: "another image", want: "not the one image", image: "sha256:2"},
		{name: "steps elsewhere", want: "of CPU time", cpu: time.Second},
	} {
		r, s, image := reported(t, caseCold), enough, "sha256:1"
		if c.spoil != nil {
			c.spoil(&r)
		}
		if c.cpu > 0 {
			s.cpu = c.cpu
		}
		if c.image != "" {
			image = c.image
		}
		if err := r.check(caseCold, image, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", c.name, err, c.want)
		}
	}
}

// built is buildx's progress for a build of a case that is as it should be.
func built(name string) []byte {
	vertex := func(digest, name string, cached bool) string {
		return fmt.Sprintf(`{"vertexes":[{"digest":%q,"name":%q,"started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z","cached":%t}]}`, digest, name, cached)
	}
	lines := []string{
		"WARNING: No output specified",
		vertex("a", "[build internal] load build definition from Dockerfile", false),
		vertex("b", "[build dependencies 2/3] RUN cargo chef cook --release", name != caseCold),
		vertex("c", "[test test 1/1] RUN cargo test", name == caseUnchanged),
	}
	if name != caseUnchanged {
		lines = append(lines, `{"logs":[{"vertex":"c","stream":1,"data":"`+base64.StdEncoding.EncodeToString([]byte("\ntest result: ok. 3 passed; 0 failed\n"))+`"}]}`)
	}
	return []byte(strings.Join(lines, "\n"))
}

func TestCheckBuild(t *testing.T) {
	cases := []string{caseCold, caseChanged, caseUnchanged}
	for _, is := range cases {
		for _, asked := range cases {
			if err := readBuild(built(is)).check(asked); (err == nil) != (is == asked) {
				t.Errorf("a build of the case %q, taken for %q: %v", is, asked, err)
			}
		}
	}
	quiet := []byte(strings.ReplaceAll(string(built(caseCold)), "logs", "other"))
	if err := readBuild(quiet).check(caseCold); err == nil || !strings.Contains(err.Error(), "no test ran") {
		t.Errorf("a build without tests: %v", err)
	}
}

func TestParseStat(t *testing.T) {
	line := "42 (a) name) S 1 42 42 0 -1 4194560 100 200 0 0 250 50 1000 200 20 0 1 0 12345 1000 10"
	if got, err := parseStat([]byte(line)); err != nil || got != 15*time.Second {
		t.Errorf("got %v, %v; want 15 s", got, err)
	}
	if _, err := parseStat([]byte("42 (a) S 1")); err == nil {
		t.Error("a short line is taken")
	}
}

// The CPU time that a child spends counts, but only when it was waited for.
func TestCPUOfThisProcess(t *testing.T) {
	before, err := cpuOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	child, _, err := measure(exec.Command("/bin/sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := cpuOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if child.cpu == 0 || after-before+2*tick < child.cpu {
		t.Errorf("a child took %s, and this process with it only %s", child.cpu, after-before)
	}
}

func TestOrder(t *testing.T) {
	sides := []string{sideBare, sideSixty, sideOwn, sideBake}
	for round, want := range map[int]string{1: "bare sixty bake own", 2: "bake sixty bare own"} {
		want := strings.NewReplacer("bake", sideBake, "own", sideOwn).Replace(want)
		if got := strings.Join(order(sides, round), " "); got != want {
			t.Errorf("round %d: %q, want %q", round, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	b := &bench{dir: "/home/x/bench", sixty: command{path: "/home/x/bin/sixty"}}
	if got := b.plain(errors.New("/home/x/bin/sixty deploy --report /home/x/bench/out: no")); got != "sixty deploy --report DIR/out: no" {
		t.Errorf("got %q", got)
	}
}

func TestOptions(t *testing.T) {
	o, err := parse([]string{"-rounds", "1", "-packs", "cli", "-sides", "bare,sixty", "-coverage"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(o.measured(), "; "); got != "bare; bare coverage; sixty; sixty, own engine" {
		t.Errorf("it measures %s", got)
	}
	for _, args := range [][]string{{"-packs", "other"}, {"-sides", "other"}, {"-parts", "other"}, {"-rounds", "0"}, {"word"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

// example is a record with two rounds of one pack, and a little more.
func example() record {
	r := record{Gates: &gatesRecord{taken: taken{Machine: machine{Cores: 2, Load: 1}}, Rounds: 2, Packs: []string{"cli"}, Sides: []string{sideBare, sideHand, sideSixty, sideOwn, sideBake}}}
	add := func(name, side string, round int, wall, cpu time.Duration) {
		r.Gates.Results = append(r.Gates.Results, result{Pack: "cli", Case: name, Side: side, Round: round, spent: spent{wall, cpu}})
	}
	for round := 1; round <= 2; round++ {
		d := time.Duration(round) * time.Second
		add(caseCold, sideBare, round, 8*d, 16*d)
		add(caseCold, sideHand, round, 4*d, 10*d)
		add(caseCold, sideSixty, round, 4*d, 12*d)
		add(caseCold, sideBake, round, 10*d, 20*d)
		add(caseUnchanged, sideSixty, round, d/5, d/10)
		add(caseUnchanged, sideBake, round, d/5, d/10)
	}
	r.Gates.Results[2].Memory = &memory{Command: 60 << 20, Peak: 120 << 20, Engine: 70 << 20}
	r.Growth = &growthRecord{Sizes: []grown{
		{Series: growthSeries[0].name, Crates: 1, Fresh: spent{2 * time.Second, 0}},
		{Series: growthSeries[0].name, Crates: 10, Fresh: spent{10 * time.Second, 0}},
		{Series: growthSeries[0].name, Crates: 50, Fresh: spent{60 * time.Second, 0}},
	}}
	return r
}

func TestBars(t *testing.T) {
	r := example()
	got := map[string]string{}
	for _, v := range r.bars() {
		got[v.bar+" | "+v.about] = v.value + " | " + v.said()
	}
	for about, want := range map[string]string{
		"cold: sixty ≤ 0.7 × bare | cli":                                               "0.50 | met",
		"cold: sixty ≤ 1.25 × by hand | cli":                                           "1.00 | met",
		"cold: sixty ≤ 0.7 × bare | axum-service":                                      " | not measured",
		"one line changed: sixty ≤ 1.2 × by hand | cli":                                " | not measured",
		"unchanged: the whole process ≤ 0.25 s | cli":                                  "0.30 s of 0.25 | **not met**",
		"unchanged: faster than buildx bake | cli":                                     "0.30 s, bake 0.30 s | **not met**",
		"a new crate, dependencies compiled, to the signed report: 3, 5 and 6 s | cli": " | not measured",
		"first run on a fresh machine ≤ 150 s | axum-service":                          " | not measured",
		"memory of engine and command at rest < 150 MB | the most of all packs":        "70 + 60 MB | met",
		"wall time for each crate falls | members of a workspace":                      "1: 2.00 s, 10: 1.00 s, 50: 1.20 s | **not met**",
		"wall time for each crate falls | crates in one matrix":                        " | not measured",
	} {
		if got[about] != want {
			t.Errorf("%s: %q, want %q", about, got[about], want)
		}
	}
}

func TestPage(t *testing.T) {
	r := example()
	text := r.markdown()
	for _, want := range []string{
		"| cli | cold | 12.00 / 24.00 | 6.00 / 15.00 | 6.00 / 18.00 | – | 15.00 / 30.00 |",
		"| cli | cold | 0.50 / 0.75 | 1.00 / 1.20 | 0.40 / 0.60 |",
		"| cli | cold | 8.00 – 16.00 |",
		"- cli, round 1, one line changed, bare: not run\n",
		"- first run on a fresh machine: not run\n",
		"- growth, 100 crates in one matrix: not run\n",
		"| members of a workspace | 10 | 10.00 / 0.00 | 1.000 / 0.000 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Taken under load") {
		t.Error("the page says that a quiet machine was busy")
	}
	r.Gates.Machine.Load = 2.5
	r.Gates.Results[0].Failed = "it broke\nhere"
	text = r.markdown()
	for _, want := range []string{"Taken under load", "- cli, round 1, cold, bare: failed: it broke\n", "| cli | cold | 16.00 / 32.00 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if r.failures() == nil {
		t.Error("a failed run is none")
	}
}

// What was measured stays when a benchmark is interrupted, or another part is
// measured.
func TestJournal(t *testing.T) {
	page := filepath.Join(t.TempDir(), "benchmarks.md")
	j, err := openJournal(page)
	if err != nil {
		t.Fatal(err)
	}
	j.record = example()
	if err := j.save(); err != nil {
		t.Fatal(err)
	}
	again, err := openJournal(page)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := again.markdown(), j.markdown(); got != want {
		t.Errorf("the record gives another page:\n%s\nwant\n%s", got, want)
	}
	again.begin(options{parts: []string{partGrowth}})
	if again.Growth != nil || again.Gates == nil {
		t.Error("another part than the one that is measured anew was forgotten")
	}
	if err := os.WriteFile(again.figures(), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openJournal(page); err == nil {
		t.Error("a broken record is taken for none")
	}
}

// The page in the documentation is that of its figures: nobody has written into
// it.
func TestPageIsOfItsFigures(t *testing.T) {
	page := filepath.Join("..", "docs", "benchmarks.md")
	j, err := openJournal(page)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != j.markdown() {
		t.Errorf("%s is not what %s gives: go run ./bench -render", page, j.figures())
	}
}

func TestWriteCrates(t *testing.T) {
	dir := t.TempDir()
	if err := writeCrates(dir, 3, "for a test"); err != nil {
		t.Fatal(err)
	}
	c, err := crate.Open(filepath.Join(dir, "Cargo.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Project.Members); n != 3 {
		t.Errorf("it has %d members", n)
	}
}

func TestOpenImage(t *testing.T) {
	if _, err := openImage(t.TempDir()); err == nil || !strings.Contains(err.Error(), "sixty image build rust") {
		t.Errorf("no image: got %v, want it to say how to make one", err)
	}
}
