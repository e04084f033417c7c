package blob

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lay writes files below a new folder, in the order of names.
func lay(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pack(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteTar(&b, os.DirFS(dir), nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTarIsOfContentAlone(t *testing.T) {
	want := pack(t, lay(t, "a.txt", "a/b", "a/c", "z"))
	for name, change := range map[string]func(dir string){
		"times": func(dir string) { must(t, os.Chtimes(filepath.Join(dir, "z"), time.Unix(1, 0), time.Unix(1, 0))) },
		"umask": func(dir string) {
			must(t, os.Chmod(filepath.Join(dir, "z"), 0o600))
			must(t, os.Chmod(filepath.Join(dir, "a"), 0o700))
		},
	} {
		dir := lay(t, "z", "a/c", "a/b", "a.txt")
		change(dir)
		if pack(t, dir) != want {
			t.Errorf("%s: another tar", name)
		}
	}
	for name, change := range map[string]func(dir string){
		"content":    func(dir string) { must(t, os.WriteFile(filepath.Join(dir, "z"), []byte("new"), 0o644)) },
		"name":       func(dir string) { must(t, os.Rename(filepath.Join(dir, "z"), filepath.Join(dir, "y"))) },
		"executable": func(dir string) { must(t, os.Chmod(filepath.Join(dir, "z"), 0o744)) },
		"folder":     func(dir string) { must(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755)) },
	} {
		dir := lay(t, "a.txt", "a/b", "a/c", "z")
		change(dir)
		if pack(t, dir) == want {
			t.Errorf("%s: the same tar", name)
		}
	}
}

func TestTarEntries(t *testing.T) {
	dir := lay(t, "bin/run", "skipped/x", "note", "note.skip")
	must(t, os.Chmod(filepath.Join(dir, "bin/run"), 0o700))
	must(t, os.Symlink("../../etc/passwd", filepath.Join(dir, "link")))
	var b bytes.Buffer
	must(t, WriteTar(&b, os.DirFS(dir), func(name string, e fs.DirEntry) bool { return strings.Contains(name, "skip") }))
	var got []string
	tr := tar.NewReader(&b)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(epoch) {
			t.Errorf("%s belongs to %d:%d at %s", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		got = append(got, strings.Join([]string{string(h.Typeflag), fs.FileMode(h.Mode).String(), h.Name, h.Linkname}, " "))
	}
	want := "5 -rwxr-xr-x bin/ \n0 -rwxr-xr-x bin/run \n2 -rwxrwxrwx link ../../etc/passwd\n0 -rw-r--r-- note "
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestSpecialFilesAreRefused(t *testing.T) {
	dir := lay(t, "a")
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	err := WriteTar(io.Discard, os.DirFS(dir), nil)
	if err == nil || !strings.Contains(err.Error(), "pack pipe: ") {
		t.Errorf("error %v", err)
	}
}

func TestPutFilesIsPutTree(t *testing.T) {
	s := open(t)
	names := []string{"a.txt", "a/b", "a/c/d", "a-b/e", "z"}
	files := map[string][]byte{}
	for _, name := range names {
		files[name] = []byte("content of " + name)
	}
	tree, err := s.PutTree(os.DirFS(lay(t, names...)), nil)
	must(t, err)
	memory, err := s.PutFiles(files)
	must(t, err)
	if tree != memory {
		t.Errorf("a tree is %v, its files are %v", tree, memory)
	}
	for _, bad := range []map[string][]byte{{"../x": nil}, {"/x": nil}, {"": nil}, {".": nil}, {"a//b": nil}, {"a": nil, "a/b": nil}} {
		if _, err := s.PutFiles(bad); err == nil {
			t.Errorf("%v is packed", bad)
		}
	}
}

func TestPut(t *testing.T) {
	s := open(t)
	b, err := s.PutBytes([]byte("hello"))
	must(t, err)
	const digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	if b.Digest != "sha256:"+digest || b.Size != 5 || b.Path != filepath.Join(s.Dir(), "blobs", "sha256", digest) {
		t.Errorf("%+v", b)
	}
	// A blob of another size is damaged and is written anew.
	must(t, os.WriteFile(b.Path, []byte("hell"), 0o644))
	_, err = s.PutBytes([]byte("hello"))
	must(t, err)
	if text, err := os.ReadFile(b.Path); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	broken := errors.New("broken")
	if _, err := s.Put(func(w io.Writer) error { _, _ = w.Write([]byte("half")); return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if entries := blobs(t, s); len(entries) != 1 {
		t.Errorf("a failed write leaves %v", entries)
	}
}

func TestOpen(t *testing.T) {
	s := open(t)
	b, err := s.PutBytes([]byte("hello"))
	must(t, err)
	f, err := s.Open(b.Digest)
	must(t, err)
	text, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	if string(text) != "hello" {
		t.Errorf("%q", text)
	}
	if _, err := s.Open("sha256:" + strings.Repeat("0", 64)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../../etc/passwd", "md5:" + strings.Repeat("0", 64), strings.TrimPrefix(b.Digest, "sha256:")} {
		if _, err := s.Open(bad); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestConcurrentPut(t *testing.T) {
	s := open(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			b, err := s.Put(func(w io.Writer) error { _, err := w.Write([]byte("the same")); return err })
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(b.Path); err != nil || string(text) != "the same" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	group.Wait()
	if entries := blobs(t, s); len(entries) != 1 {
		t.Errorf("the store holds %v", entries)
	}
}

func blobs(t *testing.T, s *Store) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Dir(), "blobs", "sha256"))
	must(t, err)
	return entries
}
