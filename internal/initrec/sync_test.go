package initrec

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sync brings dir to files, by name: content, "*" before it for an executable,
// "→" for a link, "–" for one that is gone.
func sync(t *testing.T, dir string, whole bool, files ...string) error {
	t.Helper()
	var b bytes.Buffer
	w := NewSyncWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name, text := files[i], files[i+1]
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}
		var err error
		switch {
		case text == "–":
			err = w.Remove(name)
		case strings.HasPrefix(text, "→"):
			h.Typeflag, h.Linkname = tar.TypeSymlink, strings.TrimPrefix(text, "→")
			err = w.Put(h, nil)
		case strings.HasSuffix(name, "/"):
			h.Typeflag = tar.TypeDir
			err = w.Put(h, nil)
		default:
			if plain, ok := strings.CutPrefix(text, "*"); ok {
				text, h.Mode = plain, 0o755
			}
			h.Size = int64(len(text))
			err = w.Put(h, strings.NewReader(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return Sync(&b, dir, whole)
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir || entry.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		text := ""
		if to, err := os.Readlink(path); err == nil {
			text = "→" + to
		} else if b, err := os.ReadFile(path); err == nil {
			text = string(b)
			if st, err := os.Stat(path); err == nil && st.Mode()&0o100 != 0 {
				text = "*" + text
			}
		}
		out = append(out, rel+"="+text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestSync(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		whole bool
		files []string
		want  string
	}{
		{true, []string{"a", "1", "d/b", "2", "l", "→a"}, "a=1 d/b=2 l=→a"},
		{false, []string{"d/b", "3", "c", "*x"}, "a=1 c=*x d/b=3 l=→a"},
		{false, []string{"d", "–", "l", "→c", "c", "x"}, "a=1 c=x l=→c"},
		{false, []string{"a", "→c", "l", "file", "d", "now a file"}, "a=→c c=x d=now a file l=file"},
		{false, []string{"d/", "", "d/e", "and a folder again"}, "a=→c c=x d/e=and a folder again l=file"},
		{true, []string{"c", "x", "d/f", ""}, "c=x d/f="},
	} {
		if err := sync(t, dir, c.whole, c.files...); err != nil {
			t.Fatal(err)
		}
		if got := listing(t, dir); got != c.want {
			t.Errorf("%v: %s, want %s", c.files, got, c.want)
		}
	}
}

// TestSyncTimes: cargo takes a file for unchanged when it is older than what was
// built from it, so the time of a file must change when, and only when, it does.
func TestSyncTimes(t *testing.T) {
	dir := t.TempDir()
	if err := sync(t, dir, true, "same", "1", "edited", "1", "mode", "1"); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"same", "edited", "mode"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := sync(t, dir, true, "same", "1", "edited", "2", "mode", "*1"); err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string]bool{"same": false, "edited": true, "mode": true} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if newer := st.ModTime().After(old.Add(time.Minute)); newer != changed {
			t.Errorf("%s: time changed: %v", name, newer)
		}
	}
}

func TestSyncStaysInItsFolder(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../x", "/x", "a/../../x"} {
		if err := sync(t, dir, false, name, "x"); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if err := sync(t, dir, false, "out", "→"+outside, "out/x", "x"); err == nil {
		t.Error("written through a link")
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside: %v, %v", entries, err)
	}
	if err := Sync(strings.NewReader("no tar"+strings.Repeat("!", 1024)), dir, true); err == nil {
		t.Error("what is no tar was taken")
	}
}
