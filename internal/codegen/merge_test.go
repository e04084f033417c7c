package codegen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	for _, tc := range []struct{ name, base, ours, theirs, want string }{
		{"same", "a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n"},
		{"ours", "a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", "a\nB\nc\n"},
		{"theirs", "a\nb\nc\n", "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n"},
		{"both alike", "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n", "a\nB\nc\n"},
		{"far apart", "a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n"},
		{"ours deletes", "a\nb\nc\nd\n", "a\nd\n", "a\nb\nc\nd\ne\n", "a\nd\ne\n"},
		{"conflict", "a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "a\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nc\n"},
		{"no line break at the end", "a", "b", "c", "<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n"},
		{"both added", "", "a\n", "b\n", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"},
		{"crlf", "a\r\nb\r\n", "a\r\nx\r\n", "a\r\ny\r\n", "a\r\n<<<<<<< ours\r\nx\r\n=======\r\ny\r\n>>>>>>> theirs\r\n"},
	} {
		if got, _ := merge3(tc.base, tc.ours, tc.theirs, "ours", "theirs"); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestMergeLikeGit compares with `git merge-file` on random edits: where git
// merges without a conflict the result is the same, and where it does not there
// is a conflict here too.
func TestMergeLikeGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no git")
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	clean, conflicted := 0, 0
	for range 150 {
		base := randomLines(rng, 30)
		ours, theirs := edit(rng, base, "o"), edit(rng, base, "t")
		names := []string{"ours", "base", "theirs"}
		for i, lines := range [][]string{ours, base, theirs} {
			if err := os.WriteFile(filepath.Join(dir, names[i]), []byte(strings.Join(lines, "")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(git, "merge-file", "-p", "-q", "-L", "ours", "-L", "base", "-L", "theirs", "ours", "base", "theirs")
		cmd.Dir = dir
		want, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 127) {
			t.Fatal(err)
		}
		got, n := merge3(strings.Join(base, ""), strings.Join(ours, ""), strings.Join(theirs, ""), "ours", "theirs")
		if (n > 0) != (exit != nil) {
			t.Fatalf("base %q\nours %q\ntheirs %q: %d conflicts, git says %v\n%s", base, ours, theirs, n, err, want)
		}
		if n == 0 {
			clean++
			if got != string(want) {
				t.Fatalf("base %q ours %q theirs %q: got\n%s\ngit:\n%s", base, ours, theirs, got, want)
			}
		} else {
			conflicted++
		}
	}
	if clean < 20 || conflicted < 20 {
		t.Errorf("the cases are too much alike: %d clean, %d with conflicts", clean, conflicted)
	}
}

func randomLines(rng *rand.Rand, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d\n", rng.IntN(1000))
	}
	return lines
}

func edit(rng *rand.Rand, lines []string, who string) []string {
	out := append([]string(nil), lines...)
	for range 1 + rng.IntN(3) {
		i := rng.IntN(len(out))
		switch rng.IntN(3) {
		case 0:
			out[i] = fmt.Sprintf("%s %d\n", who, rng.IntN(1000))
		case 1:
			out = append(out[:i], out[i+1:]...)
		case 2:
			out = append(out[:i], append([]string{fmt.Sprintf("%s new %d\n", who, rng.IntN(1000))}, out[i:]...)...)
		}
	}
	return out
}

func TestMatchesBounded(t *testing.T) {
	// Two files without a common line stay within maxEdits.
	a, b := make([]string, 50_000), make([]string, 50_000)
	for i := range a {
		a[i], b[i] = fmt.Sprint("a", i), fmt.Sprint("b", i)
	}
	a[0], b[0] = "same", "same"
	if got := matches(a, b); got[0] != 0 || got[1] != -1 {
		t.Errorf("got %v", got[:2])
	}
}

// FuzzMerge3 checks what must hold of every three-way merge.
func FuzzMerge3(f *testing.F) {
	f.Add("a\nb\n", "a\nc\n", "x\nb\n")
	f.Add("", "a", "b\r\n")
	f.Fuzz(func(t *testing.T, base, ours, theirs string) {
		if got, n := merge3(base, base, theirs, "o", "t"); got != theirs || n != 0 {
			t.Errorf("ours unchanged: got %q", got)
		}
		if got, n := merge3(base, ours, base, "o", "t"); got != ours || n != 0 {
			t.Errorf("theirs unchanged: got %q", got)
		}
		if got, n := merge3(base, ours, ours, "o", "t"); got != ours || n != 0 {
			t.Errorf("both alike: got %q", got)
		}
		// Each line of a side is in the result, unless the other side removed it.
		got, _ := merge3(base, ours, theirs, "o", "t")
		for _, line := range splitKeep(ours) {
			if !strings.Contains(base, line) && !strings.Contains(got, strings.TrimRight(line, "\r\n")) {
				t.Errorf("our line %q is lost in %q", line, got)
			}
		}
		for _, line := range splitKeep(theirs) {
			if !strings.Contains(base, line) && !strings.Contains(got, strings.TrimRight(line, "\r\n")) {
				t.Errorf("their line %q is lost in %q", line, got)
			}
		}
	})
}
