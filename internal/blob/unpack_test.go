package blob

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is unpacked packs to the same tar again, and has the tar's times.
func TestUnpack(t *testing.T) {
	dir := lay(t, "bin/run", "a/b/c", "z")
	must(t, os.Chmod(filepath.Join(dir, "bin/run"), 0o755))
	must(t, os.Symlink("../z", filepath.Join(dir, "a/link")))
	text := pack(t, dir)
	out := t.TempDir()
	must(t, Unpack(bytes.NewReader([]byte(text)), out))
	if pack(t, out) != text {
		t.Error("packed again it is another tar")
	}
	for _, name := range []string{"z", "a", "bin/run"} {
		st, err := os.Stat(filepath.Join(out, name))
		must(t, err)
		if !st.ModTime().Equal(epoch) {
			t.Errorf("%s is of %v", name, st.ModTime())
		}
	}
}

func TestUnpackStaysInside(t *testing.T) {
	for _, header := range []tar.Header{
		{Typeflag: tar.TypeReg, Name: "../out"},
		{Typeflag: tar.TypeReg, Name: "link/out"},
		{Typeflag: tar.TypeChar, Name: "device"},
	} {
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		must(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "link", Linkname: ".."}))
		must(t, tw.WriteHeader(&header))
		must(t, tw.Close())
		base := t.TempDir()
		dir := filepath.Join(base, "dir")
		must(t, os.Mkdir(dir, 0o755))
		if err := Unpack(&b, dir); err == nil {
			t.Errorf("%s is unpacked", header.Name)
		}
		if _, err := os.Lstat(filepath.Join(base, "out")); err == nil {
			t.Errorf("%s was written outside", header.Name)
		}
	}
}
