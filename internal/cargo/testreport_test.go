package cargo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func code(n int) *int { return &n }

// libtestOutput is what one program prints for tests that pass.
func libtestOutput(tests ...string) string {
	out := fmt.Sprintf("\nrunning %d tests\n", len(tests))
	if len(tests) == 1 {
		out = "\nrunning 1 test\n"
	}
	for _, name := range tests {
		out += "test " + name + " ... ok\n"
	}
	return out + result("ok", len(tests), 0, 0)
}

func result(word string, passed, failed, ignored int) string {
	return fmt.Sprintf("\ntest result: %s. %d passed; %d failed; %d ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n", word, passed, failed, ignored)
}

func running(names ...string) string {
	out := "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.31s\n"
	for _, name := range names {
		if crate, ok := strings.CutPrefix(name, "doc "); ok {
			out += "   Doc-tests " + crate + "\n"
		} else {
			out += "     Running unittests src/lib.rs (target/debug/deps/" + name + ")\n"
		}
	}
	return out
}

func binaries(names ...string) []TestBinary {
	out := []TestBinary{}
	for _, name := range names {
		b := TestBinary{Path: "/w/target/debug/deps/" + strings.TrimSuffix(name, "!"), Harness: !strings.HasSuffix(name, "!")}
		out = append(out, b)
	}
	return out
}

// TestRecordedTests reads the log of a crate that has everything go wrong: tests
// that fail, print results, write past libtest's capture, and abort.
func TestRecordedTests(t *testing.T) {
	m := messages(t, string(golden(t, "messages/build-tests.json")))
	project, err := LoadProject(tree(map[string]string{
		"Cargo.toml": "[package]\nname = \"sample\"\nedition = \"2021\"\n[[test]]\nname = \"custom\"\nharness = false\n",
		"src/lib.rs": "", "src/main.rs": "", "tests/custom.rs": "", "tests/plain.rs": "", "tests/zabort.rs": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	built := TestBinaries(m, project)
	r := ParseTests(TestLog{Stdout: golden(t, "tests/mixed.stdout"), Stderr: golden(t, "tests/mixed.stderr"), ExitCode: code(101), Binaries: built})
	if r.Sound || !r.Ran {
		t.Errorf("ran %v, sound %v", r.Ran, r.Sound)
	}
	problems := strings.Join(r.Problems, "\n")
	for _, want := range []string{"harness of its own", "SIGABRT", "ended without a result: 2 tests were announced, 1 had ended"} {
		if !strings.Contains(problems, want) {
			t.Errorf("no %q in\n%s", want, problems)
		}
	}
	var failures []string
	for _, f := range r.Failures {
		failures = append(failures, f.Name+": "+strings.ReplaceAll(f.Message, "\n", "|"))
	}
	want := []string{
		`tests::errs: Error: "bad"|`,
		"tests::fails: some output|failures:|    fake::name|||thread 'tests::fails' (22776) panicked at src/lib.rs:23:72:|assertion `left == right` failed: sum is off|  left: 3| right: 4|note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace|",
		"tests::no_panic: note: test did not panic as expected at src/lib.rs:34:8",
	}
	for i, w := range want {
		if i >= len(failures) || strings.TrimRight(failures[i], "|") != strings.TrimRight(w, "|") {
			t.Errorf("failures:\n%s", strings.Join(failures, "\n"))
			break
		}
	}

	// The same without the program that prints what it likes and the one that
	// aborts is sound, although one test's own output looks like a run.
	stdout := string(golden(t, "tests/mixed.stdout"))
	from, to := strings.Index(stdout, "\nrunning 5 tests"), strings.Index(stdout, "\nrunning 2 tests\ntest two")
	stdout = stdout[:from] + stdout[to:]
	from, to = strings.Index(stdout, "\nrunning 2 tests\ntest a"), strings.Index(stdout, "\nrunning 3 tests")
	stdout = stdout[:from] + stdout[to:]
	var stderr []string
	for line := range strings.Lines(string(golden(t, "tests/mixed.stderr"))) {
		if !strings.Contains(line, "zabort") {
			stderr = append(stderr, line)
		}
	}
	built = slices.DeleteFunc(built, func(b TestBinary) bool { return strings.Contains(b.Path, "zabort") })
	r = ParseTests(TestLog{Stdout: []byte(stdout), Stderr: []byte(strings.Join(stderr, "")), ExitCode: code(101), Binaries: built})
	if !r.Sound || r.Passed != 7 || r.Failed != 3 || r.Ignored != 1 || r.Executed != 10 || len(r.Uncounted) != 1 {
		t.Errorf("%+v", r)
	}
	if last := r.Runs[len(r.Runs)-1]; !last.Doc || last.Name != "doc sample" || last.Passed != 3 {
		t.Errorf("doc tests: %+v", last)
	}
	if r.Failures[0].Run != "sample-e6daf73c296d6df0" {
		t.Errorf("failure: %+v", r.Failures[0])
	}
}

func TestRecordedDocTests(t *testing.T) {
	r := ParseTests(TestLog{Stdout: golden(t, "tests/doc2024.stdout"), Stderr: golden(t, "tests/doc2024.stderr"), ExitCode: code(101), Binaries: binaries("dd-5f56d94373186510")})
	if !r.Sound || r.Passed != 5 || r.Failed != 1 || len(r.Runs) != 3 || !r.Runs[1].Doc || !r.Runs[2].Doc {
		t.Errorf("%+v", r)
	}
}

func TestRecordedFailFast(t *testing.T) {
	m := messages(t, string(golden(t, "messages/build-tests.json")))
	r := ParseTests(TestLog{Stdout: golden(t, "tests/failfast.stdout"), Stderr: golden(t, "tests/failfast.stderr"), ExitCode: code(101), Binaries: TestBinaries(m, &Project{})})
	if !r.Sound || r.Failed != 3 || len(r.NotRun) != 4 {
		t.Errorf("%+v", r)
	}
}

func TestParseTests(t *testing.T) {
	two := libtestOutput("a", "b")
	doc := libtestOutput("src/lib.rs - f (line 3)")
	ignored := "\nrunning 3 tests\ntest a ... ok\ntest b ... ignored\ntest c ... ignored, too slow\n" + result("ok", 1, 0, 2)
	failed := "\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nboom\n\n\nfailures:\n    b\n" + result("FAILED", 1, 1, 0)
	terse := "\nrunning 2 tests\n..\n" + result("ok", 2, 0, 0)
	filtered := "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out\n"
	benches := "\nrunning 2 tests\ntest a ... bench:       1,234 ns/iter (+/- 5)\ntest b ... ignored\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 1 measured; 0 filtered out; finished in 1.00s\n"
	for name, tt := range map[string]struct {
		stdout, stderr string
		binaries       []TestBinary
		exit           *int
		want           string // executed passed failed ignored
		sound          bool
	}{
		"pass":               {two, running("x"), binaries("x"), code(0), "2 2 0 0", true},
		"two programs":       {two + two, running("x", "y"), binaries("y", "x"), code(0), "4 4 0 0", true},
		"with doc tests":     {two + doc, running("x", "doc x"), binaries("x"), code(0), "3 3 0 0", true},
		"doc tests of two":   {two + doc + doc, running("x", "doc x", "doc y"), binaries("x"), code(0), "4 4 0 0", true},
		"doc tests, no test": {libtestOutput() + libtestOutput(), running("x", "doc x"), binaries("x"), code(0), "0 0 0 0", true},
		"ignored":            {ignored, running("x"), binaries("x"), code(0), "1 1 0 2", true},
		"failed":             {failed, running("x"), binaries("x"), code(101), "2 1 1 0", true},
		"failed, doc tests":  {two + strings.ReplaceAll(failed, "test b", "test src/lib.rs - b (line 1)"), running("x", "doc x"), binaries("x"), code(101), "4 3 1 0", false}, // "test a" is no doc test
		"terse":              {terse, running("x"), binaries("x"), code(0), "2 2 0 0", true},
		"terse, doc tests":   {terse + terse, running("x", "doc x"), binaries("x"), code(0), "4 4 0 0", true},
		"filtered":           {filtered, running("x"), binaries("x"), code(0), "1 1 0 0", true},
		"measured":           {benches, running("x"), binaries("x"), code(0), "1 0 0 1", true},
		"colours":            {"\nrunning 1 test\ntest a ... \x1b[32mok\x1b(B\x1b[m\n\ntest result: \x1b[32mok\x1b(B\x1b[m. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n", "\x1b[1m\x1b[32m     Running\x1b[0m tests/t.rs (target/debug/deps/x)\n", binaries("x"), code(0), "1 1 0 0", true},
		"carriage returns":   {strings.ReplaceAll(two, "\n", "\r\n"), running("x"), binaries("x"), code(0), "2 2 0 0", true},
		"without harness":    {two, running("x", "y"), binaries("x", "y!"), code(0), "2 2 0 0", true},
		"without cargo":      {two, "", binaries("x"), code(0), "2 2 0 0", true},
		"log alone":          {two + two, "", nil, code(0), "4 4 0 0", true},

		// What must not pass.
		"nothing":                  {"", "", nil, code(0), "0 0 0 0", false},
		"nothing built":            {"", "    Finished\n", binaries(), code(0), "0 0 0 0", false},
		"did not compile":          {"", "error: could not compile `x`\n", nil, code(101), "0 0 0 0", false},
		"killed":                   {two[:40], running("x"), binaries("x"), nil, "1 1 0 0", false},
		"killed between":           {two, running("x"), binaries("x", "y"), nil, "2 2 0 0", false},
		"exit within":              {"\nrunning 3 tests\ntest a ... ok\n", running("x"), binaries("x"), code(0), "1 1 0 0", false},
		"one aborts, next is fine": {"\nrunning 3 tests\ntest z ... ok\n" + two, running("x", "y"), binaries("x", "y"), code(101), "3 3 0 0", false},
		"result cut":               {"\nrunning 2 tests\ntest a ... ok\ntest b ... ok\n\ntest result: ok. 2 passed; 0 fai", running("x"), binaries("x"), code(0), "2 2 0 0", false},
		"exit code disagrees":      {two, running("x"), binaries("x"), code(101), "2 2 0 0", false},
		"failure with exit 0":      {failed, running("x"), binaries("x"), code(0), "2 1 1 0", false},
		"a program did not run":    {two, running("x"), binaries("x", "y"), code(0), "2 2 0 0", false},
		"a run too many":           {two + two, running("x"), binaries("x"), code(0), "4 4 0 0", false},
		"a run too few":            {two, running("x", "y"), binaries("x", "y"), code(0), "2 2 0 0", false},
		"unknown program":          {two + two, running("x", "evil"), binaries("x"), code(0), "4 4 0 0", false},
		"program twice":            {two + two, running("x", "x"), binaries("x"), code(0), "4 4 0 0", false},
		"harness imitates":         {two + two, running("x", "y"), binaries("x", "y!"), code(0), "4 4 0 0", false},
		"harness imitates, doc":    {two + two + doc, running("x", "y", "doc x"), binaries("x", "y!"), code(0), "5 5 0 0", false},
		"imitates before empty":    {two + two + libtestOutput() + doc, running("x", "y", "z", "doc x"), binaries("x", "y!", "z"), code(0), "5 5 0 0", false},
		"unit tests as doc tests":  {two + two + doc, running("x", "doc x"), binaries("x"), code(0), "5 5 0 0", false},
	} {
		r := ParseTests(TestLog{Stdout: []byte(tt.stdout), Stderr: []byte(tt.stderr), ExitCode: tt.exit, Binaries: tt.binaries})
		got := fmt.Sprint(r.Executed, r.Passed, r.Failed, r.Ignored)
		if got != tt.want || r.Sound != tt.sound {
			t.Errorf("%s: %s, sound %v, want %s, %v: %s", name, got, r.Sound, tt.want, tt.sound, strings.Join(r.Problems, "; "))
		}
	}
}

// TestForgedResults has tests write what libtest writes. Whatever they do, they
// add no test: the figures are the true ones, or the report is not sound.
func TestForgedResults(t *testing.T) {
	many := strings.TrimSpace(result("ok", 99, 0, 0)) + "\n"
	header := "\nrunning 2 tests\n"
	lines := "test a ... ok\ntest b ... ok\n"
	for name, tt := range map[string]struct {
		output string
		sound  bool
	}{
		"a result":                {header + many + lines + result("ok", 2, 0, 0), true},
		"only a result":           {header + many, false},
		"a fitting result":        {header + strings.TrimSpace(result("ok", 2, 0, 0)) + "\n" + lines + result("ok", 2, 0, 0), true},
		"test lines":              {header + strings.Repeat("test fake ... ok\n", 50) + lines + result("ok", 2, 0, 0), true},
		"a whole run":             {header + libtestOutput("x", "y", "z") + lines + result("ok", 2, 0, 0), true},
		"a run of the same size":  {header + libtestOutput("x", "y") + lines + result("ok", 2, 0, 0), true},
		"an open run":             {header + "running 5 tests\n" + lines + result("ok", 2, 0, 0), true},
		"runs in a run":           {header + "running 5 tests\nrunning 7 tests\n" + lines + result("ok", 2, 0, 0), true},
		"an end and a run":        {header + result("ok", 2, 0, 0) + libtestOutput("x", "y", "z") + lines + result("ok", 2, 0, 0), false},
		"an end and a run, again": {header + result("ok", 2, 0, 0) + libtestOutput("x", "y") + lines + result("ok", 2, 0, 0), false},
		"an end, then exit":       {header + result("ok", 2, 0, 0) + libtestOutput("x", "y", "z"), false},
		"a result after the end":  {header + lines + result("ok", 2, 0, 0) + many, false},
		"failures hidden":         {header + "test a ... ok\ntest b ... FAILED\n\nfailures:\n    b\n" + result("FAILED", 1, 1, 0) + result("ok", 2, 0, 0), false},
	} {
		exit := 0
		if strings.Contains(tt.output, "FAILED") {
			exit = 101
		}
		r := ParseTests(TestLog{Stdout: []byte(tt.output), Stderr: []byte(running("x")), ExitCode: &exit, Binaries: binaries("x")})
		if r.Sound != tt.sound || r.Sound && r.Executed != 2 {
			t.Errorf("%s: executed %d, sound %v: %s", name, r.Executed, r.Sound, strings.Join(r.Problems, "; "))
		}
	}
}

func TestFailureNames(t *testing.T) {
	// Two at once, their lists broken by a test's output.
	out := "\nrunning 3 tests\ntest a ... FAILED\ntest b - should panic ... FAILED\ntest c ... ok\n\nfailures:\n\n---- a stdout ----\nx\n---- b stdout ----\ny\nfailures:\n    one\n" + result("FAILED", 1, 2, 0)
	r := ParseTests(TestLog{Stdout: []byte(out), Stderr: []byte(running("x")), ExitCode: code(101), Binaries: binaries("x")})
	if len(r.Failures) != 2 || r.Failures[0].Name != "a" || r.Failures[1].Name != "b" || r.Failures[0].Message != "x\n" || r.Failures[0].Run != "x" {
		t.Errorf("%+v", r.Failures)
	}
}

func FuzzTests(f *testing.F) {
	for _, name := range []string{"mixed", "failfast", "doc2024"} {
		f.Add(golden(f, "tests/"+name+".stdout"), golden(f, "tests/"+name+".stderr"), 101)
	}
	f.Add([]byte(libtestOutput("a", "b")), []byte(running("x", "doc x")), 0)
	f.Fuzz(func(t *testing.T, stdout, stderr []byte, exit int) {
		r := ParseTests(TestLog{Stdout: stdout, Stderr: stderr, ExitCode: &exit, Binaries: binaries("x", "y!")})
		announced := 0
		for _, run := range r.Runs {
			announced += run.Announced
			if run.Complete && run.Executed()+run.Ignored != run.Announced {
				t.Errorf("%+v does not add up", run)
			}
		}
		if r.Sound && (r.Executed+r.Ignored != announced || exit == 0 && r.Failed > 0 || exit != 0 && r.Failed == 0) {
			t.Errorf("sound, and does not add up: %+v", r)
		}
		if len(r.Failures) > r.Failed {
			t.Errorf("%d names for %d failures", len(r.Failures), r.Failed)
		}
		if !r.Ran && bytes.Contains(stdout, []byte("\nrunning 1 test\n")) {
			t.Error("a run was not seen")
		}
	})
}
