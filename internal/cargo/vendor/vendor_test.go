package vendor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// item is an entry of an archive to be made.
type item struct {
	name, body string
	kind       byte
	link       string
	mode       int64
}

func archive(t testing.TB, items ...item) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Typeflag: i.kind, Linkname: i.link, Mode: i.mode, Size: int64(len(i.body))}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := tw.Write([]byte(i.body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func manifest() item { return item{name: "a-1.0.0/Cargo.toml", body: "[package]\n"} }

func unpack(t testing.TB, data []byte, stem string, limits Limits) (string, error) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return dir, UnpackArchive(bytes.NewReader(data), stem, root, limits)
}

func TestUnpack(t *testing.T) {
	in, out := t.TempDir(), filepath.Join(t.TempDir(), "deep", "vendor")
	data := archive(t,
		item{name: "a-1.0.0/", kind: tar.TypeDir, mode: 0o700},
		manifest(),
		item{name: "a-1.0.0/src/deep/lib.rs", body: "// lib\n", mode: 0o600},
		item{name: "a-1.0.0/run.sh", body: "#!/bin/sh\n", mode: 0o755},
		item{name: "a-1.0.0/.cargo-checksum.json", body: "a lie"},
		item{name: "a-1.0.0/run.sh", body: "#!/bin/sh\ntrue\n", mode: 0o644},
	)
	other := archive(t, item{name: "b_c-0.1.0-rc.1+x/Cargo.toml", body: "[package]\n"})
	for name, data := range map[string][]byte{"a-1.0.0.crate": data, "b_c-0.1.0-rc.1+x.crate": other} {
		if err := os.WriteFile(filepath.Join(in, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Unpack(in, out, DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	for name, want := range map[string]string{
		"a-1.0.0/src/deep/lib.rs":      "// lib\n",
		"a-1.0.0/run.sh":               "#!/bin/sh\ntrue\n",
		"a-1.0.0/.cargo-checksum.json": `{"files":{},"package":"` + hex.EncodeToString(sum[:]) + `"}`,
		"b_c-0.1.0-rc.1+x/Cargo.toml":  "[package]\n",
	} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	var checksum struct {
		Files   map[string]string `json:"files"`
		Package string            `json:"package"`
	}
	text, err := os.ReadFile(filepath.Join(out, "a-1.0.0/.cargo-checksum.json"))
	if err == nil {
		err = json.Unmarshal(text, &checksum)
	}
	if err != nil || checksum.Files == nil {
		t.Errorf("checksum file: %v", err)
	}
	// The same crates give the same layer: no times, owners or masks of here.
	err = filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.ModTime().Equal(fileTime) {
			t.Errorf("%s: time %v", path, info.ModTime())
		}
		want := fs.FileMode(0o644)
		if d.IsDir() {
			want = 0o755
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	good := archive(t, manifest())
	garbage := append(bytes.Clone(good), "trailing"...)
	cut := good[:len(good)-20]
	small := DefaultLimits()
	small.ArchiveBytes, small.UnpackedBytes, small.Entries = 4096, 4096, 3
	for name, tt := range map[string]struct {
		data   []byte
		stem   string
		limits Limits
		want   string
	}{
		"parent":           {archive(t, manifest(), item{name: "a-1.0.0/../../evil", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"parent first":     {archive(t, manifest(), item{name: "../a-1.0.0/evil", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"absolute":         {archive(t, manifest(), item{name: "/etc/passwd", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"dot":              {archive(t, manifest(), item{name: "a-1.0.0/./x", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"other top":        {archive(t, manifest(), item{name: "b-1.0.0/x", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"no top":           {archive(t, item{name: "Cargo.toml", body: "x"}), "", DefaultLimits(), "does not lie in"},
		"top is a file":    {archive(t, item{name: "a-1.0.0", body: "x"}), "", DefaultLimits(), "must be"},
		"backslash":        {archive(t, manifest(), item{name: `a-1.0.0/..\..\x`, body: "x"}), "", DefaultLimits(), "backslash"},
		"symlink":          {archive(t, manifest(), item{name: "a-1.0.0/l", kind: tar.TypeSymlink, link: "/"}, item{name: "a-1.0.0/l/x", body: "x"}), "", DefaultLimits(), "is a link"},
		"hard link":        {archive(t, manifest(), item{name: "a-1.0.0/l", kind: tar.TypeLink, link: "a-1.0.0/Cargo.toml"}), "", DefaultLimits(), "is a link"},
		"device":           {archive(t, manifest(), item{name: "a-1.0.0/d", kind: tar.TypeBlock}), "", DefaultLimits(), "device"},
		"fifo":             {archive(t, manifest(), item{name: "a-1.0.0/d", kind: tar.TypeFifo}), "", DefaultLimits(), "device"},
		"file as folder":   {archive(t, manifest(), item{name: "a-1.0.0/Cargo.toml/x", body: "x"}), "", DefaultLimits(), ""},
		"folder as file":   {archive(t, manifest(), item{name: "a-1.0.0/d/", kind: tar.TypeDir}, item{name: "a-1.0.0/d", body: "x"}), "", DefaultLimits(), ""},
		"no manifest":      {archive(t, item{name: "a-1.0.0/src/lib.rs", body: "x"}), "", DefaultLimits(), "no Cargo.toml"},
		"empty":            {nil, "", DefaultLimits(), "not a gzip"},
		"text":             {[]byte("<html>Not found</html>"), "", DefaultLimits(), "not a gzip"},
		"gzip of text":     {gzipped(t, strings.Repeat("Not a tar archive. ", 100)), "", DefaultLimits(), "not a tar"},
		"trailing garbage": {garbage, "", DefaultLimits(), "after the end"},
		"cut off":          {cut, "", DefaultLimits(), ""},
		"entries":          {archive(t, manifest(), item{name: "a-1.0.0/1"}, item{name: "a-1.0.0/2"}, item{name: "a-1.0.0/3"}), "", small, "limit of 3 entries"},
		"unpacked size":    {archive(t, manifest(), item{name: "a-1.0.0/1", body: strings.Repeat("x", 5000)}), "", small, "limit"},
		"many small":       {archive(t, manifest(), item{name: "a-1.0.0/1", body: strings.Repeat("x", 3000)}, item{name: "a-1.0.0/2", body: strings.Repeat("x", 3000)}), "", small, "limit"},
		"bomb after end":   {append(bytes.Clone(archive(t, manifest())), gzipped(t, strings.Repeat("\x00", 1<<20))...), "", small, "limit"},
		"archive size":     {append(bytes.Clone(good), make([]byte, 8192)...), "", small, ""},
		"stem with slash":  {good, "a/b-1.0.0", DefaultLimits(), "not the name and version"},
		"stem is parent":   {good, "..-", DefaultLimits(), "not the name and version"},
	} {
		t.Run(name, func(t *testing.T) {
			stem := tt.stem
			if stem == "" {
				stem = "a-1.0.0"
			}
			dir, err := unpack(t, tt.data, stem, tt.limits)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, _, err := List(bytes.NewReader(tt.data), stem, tt.limits); err == nil && tt.want != "" && tt.want != "no Cargo.toml" {
				t.Error("List took it")
			}
		})
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	if _, err := gz.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestUnpackFolderRefuses(t *testing.T) {
	good := archive(t, manifest())
	write := func(dir, name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("another file", func(t *testing.T) {
		in, out := t.TempDir(), t.TempDir()
		write(in, "a-1.0.0.crate", good)
		write(in, "notes.txt", nil)
		if err := Unpack(in, out, DefaultLimits()); err == nil || !strings.Contains(err.Error(), "notes.txt") {
			t.Errorf("%v", err)
		}
	})
	t.Run("every bad archive is named", func(t *testing.T) {
		in, out := t.TempDir(), t.TempDir()
		write(in, "a-1.0.0.crate", good)
		write(in, "b-1.0.0.crate", []byte("x"))
		write(in, "c-1.0.0.crate", good)
		err := Unpack(in, out, DefaultLimits())
		if err == nil || !strings.Contains(err.Error(), "b-1.0.0") || !strings.Contains(err.Error(), "c-1.0.0") || strings.Contains(err.Error(), "a-1.0.0.crate:") {
			t.Errorf("%v", err)
		}
	})
	t.Run("folder named as an archive", func(t *testing.T) {
		in, out := t.TempDir(), t.TempDir()
		if err := os.Mkdir(filepath.Join(in, "a-1.0.0.crate"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Unpack(in, out, DefaultLimits()); err == nil {
			t.Error("a folder was taken")
		}
	})
	t.Run("link out of the folder", func(t *testing.T) {
		in, out, elsewhere := t.TempDir(), t.TempDir(), t.TempDir()
		write(elsewhere, "a-1.0.0.crate", good)
		if err := os.Symlink(filepath.Join(elsewhere, "a-1.0.0.crate"), filepath.Join(in, "a-1.0.0.crate")); err != nil {
			t.Fatal(err)
		}
		if err := Unpack(in, out, DefaultLimits()); err == nil {
			t.Error("a link was followed")
		}
	})
	t.Run("already there", func(t *testing.T) {
		in, out := t.TempDir(), t.TempDir()
		write(in, "a-1.0.0.crate", good)
		if err := os.Mkdir(filepath.Join(out, "a-1.0.0"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(filepath.Join(out, "a-1.0.0"), "mine", nil)
		if err := Unpack(in, out, DefaultLimits()); err == nil {
			t.Error("a folder was overwritten")
		}
		if _, err := os.Stat(filepath.Join(out, "a-1.0.0", "mine")); err != nil {
			t.Error("the folder that was there is gone")
		}
	})
	t.Run("too many", func(t *testing.T) {
		in := t.TempDir()
		write(in, "a-1.0.0.crate", good)
		write(in, "b-1.0.0.crate", good)
		limits := DefaultLimits()
		limits.Archives = 1
		if err := Unpack(in, t.TempDir(), limits); err == nil {
			t.Error("more archives than the limit")
		}
	})
}

func TestList(t *testing.T) {
	data := archive(t, manifest(), item{name: "a-1.0.0/src/lib.rs", body: "// lib\n"})
	files, sum, err := List(bytes.NewReader(data), "a-1.0.0", DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(data)
	if len(files) != 2 || files[1] != (File{"src/lib.rs", 7}) || sum != hex.EncodeToString(want[:]) {
		t.Errorf("%v, %s", files, sum)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, manifest(), item{name: "a-1.0.0/src/lib.rs", body: "x"}))
	f.Add(archive(f, manifest(), item{name: "a-1.0.0/../x", body: "x"}))
	f.Add(archive(f, manifest(), item{name: "a-1.0.0/l", kind: tar.TypeSymlink, link: "/etc"}))
	limits := Limits{ArchiveBytes: 1 << 16, UnpackedBytes: 1 << 16, Entries: 50}
	f.Fuzz(func(t *testing.T, data []byte) {
		outer := t.TempDir()
		if err := os.Mkdir(filepath.Join(outer, "vendor"), 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(filepath.Join(outer, "vendor"))
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		// Fuzz the tar layer as well, behind a gzip that is right.
		for _, archive := range [][]byte{data, gzipped(t, string(data))} {
			err = UnpackArchive(bytes.NewReader(archive), "a-1.0.0", root, limits)
			if _, statErr := root.Stat("a-1.0.0"); (err == nil) != (statErr == nil) {
				t.Errorf("error %v, folder %v", err, statErr)
			}
			if err == nil {
				root.RemoveAll("a-1.0.0")
			}
		}
		if left, _ := os.ReadDir(outer); len(left) != 1 {
			t.Errorf("written outside: %v", left)
		}
	})
}
