package artifactdiff

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

type entry struct {
	name, content string
	mode          int64
	at            time.Time
}

func archive(t *testing.T, level int, all ...entry) string {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, e := range all {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: e.mode, ModTime: e.at}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file(t, b.Bytes())
}

func TestWhere(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no diffoscope
	day := time.Unix(1e9, 0)
	one := entry{"a/Cargo.toml", "name = 1", 0o644, day}
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(program, []byte("no diffoscope knows this text"))
	if at < 0 {
		t.Fatal("this program does not hold its own text")
	}
	changed := bytes.Clone(program)
	changed[at] = 'N'
	for name, c := range map[string]struct{ first, second, want string }{
		"same":           {file(t, []byte("x")), file(t, []byte("x")), ""},
		"a byte":         {file(t, []byte("hello")), file(t, []byte("help!")), `byte 3: 6c6f ("lo"), and 7021 ("p!")`},
		"cut short":      {file(t, []byte("hello")), file(t, []byte("hel")), "byte 3: 6c6f (\"lo\"), and the end of the file"},
		"content":        {archive(t, 6, one), archive(t, 6, entry{one.name, "name = 2", 0o644, day}), `entry "a/Cargo.toml" differs at byte 7`},
		"time":           {archive(t, 6, one), archive(t, 6, entry{one.name, one.content, 0o644, day.Add(time.Hour)}), "has time 2001-09-09T01:46:40Z, and 2001-09-09T02:46:40Z"},
		"mode":           {archive(t, 6, one), archive(t, 6, entry{one.name, one.content, 0o755, day}), "has mode 644, and 755"},
		"another name":   {archive(t, 6, one), archive(t, 6, entry{"b", one.content, 0o644, day}), `where the second archive has "b"`},
		"one more":       {archive(t, 6, one), archive(t, 6, one, entry{"b", "", 0o644, day}), `"b" is in the second archive alone`},
		"compression":    {archive(t, 1, entry{"z", strings.Repeat("abc", 9999), 0o644, day}), archive(t, 9, entry{"z", strings.Repeat("abc", 9999), 0o644, day}), "compressed otherwise"},
		"a program":      {file(t, program), file(t, changed), "section .rodata at byte"},
		"broken archive": {file(t, []byte{0x1f, 0x8b, 8, 0}), file(t, []byte{0x1f, 0x8b, 9, 0}), "byte 2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Where(t.Context(), c.first, c.second)
			if err != nil || !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// A program called diffoscope stands for it: what matters is that it is asked,
// and that neither its failure nor its length does harm.
func TestDiffoscope(t *testing.T) {
	first, second := file(t, []byte("a")), file(t, []byte("b"))
	for script, want := range map[string]string{
		"echo they differ; exit 1":     "diffoscope:\nthey differ",
		"exit 2":                       "byte 0",
		"yes | head -c 100000; exit 1": "…",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "diffoscope"), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
		got, err := Where(t.Context(), first, second)
		if err != nil || !strings.Contains(got, want) || len(got) > maxShown+10 {
			t.Errorf("%s: %d bytes, %.80q, %v", script, len(got), got, err)
		}
	}
}
