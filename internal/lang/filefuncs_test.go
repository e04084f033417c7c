package lang

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// project is a folder with links that lead out of it, beside a file that none
// may read.
func project(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "project")
	write := func(name, content string) {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.txt", "secret")
	write("outside/secret.rs", "secret")
	write("project/a.rs", "a")
	write("project/.hidden/b.rs", "b")
	write("project/src/deep/c.rs", "c")
	write("project/bytes", "\xff\xfe")
	write("project/t.tftpl", "${upper(name)}: %{ for x in xs }<${x}>%{ endfor }")
	write("project/self.tftpl", `${templatefile("self.tftpl", {})}`)
	write("project/deep.tftpl", strings.Repeat("${(", 5000))
	write("project/reads.tftpl", `${file("a.rs")}`)
	for from, to := range map[string]string{
		"out.txt": "../secret.txt", "abs.txt": filepath.Join(top, "secret.txt"), "outdir": "../outside", "in.rs": "a.rs",
	} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	big, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	defer big.Close()
	if err := big.Truncate(maxFileBytes + 1); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFileFunctions(t *testing.T) {
	dir := project(t)
	cases := []struct{ src, want, fails string }{
		{src: `file("a.rs")`, want: `"a"`},
		{src: `file("./src/../a.rs")`, want: `"a"`},
		{src: `file("in.rs")`, want: `"a"`},
		{src: `file("../secret.txt")`, fails: "is outside of the folder"},
		{src: `file("/etc/passwd")`, fails: "is outside of the folder"},
		{src: `file("` + filepath.Dir(dir) + `/secret.txt")`, fails: "is outside of the folder"},
		{src: `file("out.txt")`, fails: "escapes"},
		{src: `file("abs.txt")`, fails: "escapes"},
		{src: `file("outdir/secret.rs")`, fails: "escapes"},
		{src: `file("src/deep/../../../secret.txt")`, fails: "is outside of the folder"},
		{src: `file("none")`, fails: "no such file"},
		{src: `file("src")`, fails: "not a file"},
		{src: `file("pipe")`, fails: "not a file"},
		{src: `file("bytes")`, fails: "UTF-8"},
		{src: `file("big")`, fails: "larger than"},
		{src: `file("a\u0000b")`, fails: "invalid"},
		{src: `fileexists("a.rs")`, want: `true`},
		{src: `fileexists("src")`, want: `false`},
		{src: `fileexists("out.txt")`, want: `false`},
		{src: `fileexists("../secret.txt")`, want: `false`},
		{src: `filesha256("a.rs")`, want: `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
		{src: `filesha256("out.txt")`, fails: "escapes"},
		{src: `filesha256("pipe")`, fails: "not a file"},
		{src: `fileset(".", "**.rs")`, want: `[".hidden/b.rs", "a.rs", "src/deep/c.rs"]`},
		{src: `fileset("", "*.rs")`, want: `["a.rs"]`},
		{src: `fileset("src", "**")`, want: `["deep/c.rs"]`},
		{src: `fileset("src", "none")`, want: `[]`},
		{src: `fileset("outdir", "*")`, fails: "escapes"},
		{src: `fileset("..", "*")`, fails: "is outside of the folder"},
		{src: `fileset("/etc", "*")`, fails: "is outside of the folder"},
		{src: `fileset("none", "*")`, fails: "no such file"},
		{src: `fileset(".", "[")`, fails: "not a pattern"},
		{src: `templatefile("t.tftpl", { name = "x", xs = [1, 2] })`, want: `"X: <1><2>"`},
		{src: `templatefile("reads.tftpl", {})`, want: `"a"`},
		{src: `templatefile("t.tftpl", { name = "x" })`, fails: `no value for "xs"`},
		{src: `templatefile("t.tftpl", "x")`, fails: "map or object"},
		{src: `templatefile("self.tftpl", {})`, fails: "templatefile"},
		{src: `templatefile("deep.tftpl", {})`, fails: "Nested too deeply"},
		{src: `templatefile("../secret.txt", {})`, fails: "is outside of the folder"},
	}
	for _, tc := range cases {
		t.Run(tc.src, func(t *testing.T) {
			val, diags := eval(dir, tc.src)
			switch {
			case tc.fails == "" && diags.HasErrors():
				t.Fatal(diags)
			case tc.fails == "" && Show(val) != tc.want:
				t.Errorf("got %s, want %s", Show(val), tc.want)
			case tc.fails != "" && !strings.Contains(diags.Error(), tc.fails):
				t.Errorf("got %v, %v, want an error with %q", val, diags, tc.fails)
			}
		})
	}
}

func TestGlobPattern(t *testing.T) {
	cases := []struct {
		pattern string
		match   []string
		not     []string
	}{
		{"*.rs", []string{"a.rs", ".rs"}, []string{"a/b.rs", "a.rsx", "xa_rs"}},
		{"**.rs", []string{"a.rs", "a/b.rs", "a/b/c.rs"}, []string{"a.r"}},
		{"**/*.rs", []string{"a.rs", "a/b.rs", "a/b/c.rs"}, []string{"a"}},
		{"src/**/mod.rs", []string{"src/mod.rs", "src/a/b/mod.rs"}, []string{"mod.rs", "src/amod.rs", "src/a/xmod.rs"}},
		{"a?c", []string{"abc", "aöc"}, []string{"a/c", "ac"}},
		{"[a-c].rs", []string{"b.rs"}, []string{"d.rs"}},
		{"[^a].rs", []string{"b.rs"}, []string{"a.rs", "/.rs"}},
		{`\*`, []string{"*"}, []string{"a"}},
		{"a+(b)", []string{"a+(b)"}, []string{"aab"}},
		{"**", []string{"a", "a/b"}, nil},
		{"", []string{""}, []string{"a"}},
	}
	for _, tc := range cases {
		re, err := globPattern(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
			continue
		}
		for _, name := range tc.match {
			if !re.MatchString(name) {
				t.Errorf("%s does not match %s", tc.pattern, name)
			}
		}
		for _, name := range tc.not {
			if re.MatchString(name) {
				t.Errorf("%s matches %s", tc.pattern, name)
			}
		}
	}
	// Exponential for a matcher that tries every split.
	re, err := globPattern(strings.Repeat("**a", 100) + "b")
	if err != nil {
		t.Fatal(err)
	}
	if re.MatchString(strings.Repeat("a", 10_000)) {
		t.Error("matches without the b")
	}
}
