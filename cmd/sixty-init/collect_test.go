package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestOutputsKeepWhatTheyAre(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "tree")
	const script = `mkdir -p "$0/sub/closed"; cd "$0"
		echo one > file; chmod 751 file; touch -d 2001-02-03T04:05:06.789Z file
		ln -s file link; ln -s /etc/passwd outward; ln -s .. sub/up; ln file sub/hard
		echo x > sub/closed/inner; chmod 555 sub/closed; touch -d 2002-02-02T00:00:00Z sub/closed
		mkfifo pipe; exit 9`
	r := runInit(t, initrec.Spec{Outputs: []initrec.Output{{Name: "tree", Path: tree}}}, "sh", "-c", script, tree)
	if r.code != 9 {
		t.Fatalf("exit code %d", r.code)
	}
	want := initrec.OutputRecord{Name: "tree", Path: tree, Kind: initrec.OutputFolder, Files: 3, Bytes: 10, Skipped: 1}
	if len(r.rec.Outputs) != 1 || r.rec.Outputs[0] != want {
		t.Errorf("outputs %+v, want %+v", r.rec.Outputs, want)
	}
	if got, want := listing(t, filepath.Join(r.record, "outputs", "tree")), listing(t, tree); got != strings.Replace(want, "pipe prw-r--r--\n", "", 1) {
		t.Errorf("collected\n%swant\n%s", got, want)
	}
	a, b := stat(t, filepath.Join(r.record, "outputs/tree/file")), stat(t, filepath.Join(r.record, "outputs/tree/sub/hard"))
	if a.Ino != b.Ino {
		t.Error("a hard link became a copy")
	}
}

func stat(t *testing.T, name string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

// listing describes a tree: names, modes, link targets, contents, and the
// times of what the test has dated.
func listing(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(root, func(name string, info os.FileInfo, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		fmt.Fprintf(&b, "%s %s", rel, info.Mode())
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " -> %s", target)
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %q", data)
		}
		if info.ModTime().Year() < 2010 {
			fmt.Fprintf(&b, " %s", info.ModTime().UTC().Format(time.RFC3339Nano))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMissingOutputs(t *testing.T) {
	missing := func(optional bool) initrec.Spec {
		return initrec.Spec{Outputs: []initrec.Output{{Name: "gone", Path: "/does/not/exist", Optional: optional}}}
	}
	if r := runInit(t, missing(true), "true"); r.code != 0 || r.rec.Outputs[0].Kind != initrec.OutputMissing {
		t.Errorf("optional: exit code %d, %+v", r.code, r.rec.Outputs)
	}
	if r := runInit(t, missing(false), "true"); r.code != initrec.ExitInit || !strings.Contains(r.rec.Error, `"gone"`) {
		t.Errorf("required: exit code %d, error %q", r.code, r.rec.Error)
	}
	if r := runInit(t, missing(false), "false"); r.code != 1 || r.rec.Error != "" {
		t.Errorf("required, and the command failed: exit code %d, error %q", r.code, r.rec.Error)
	}
}

func TestOutputInItsPlace(t *testing.T) {
	spec := initrec.Spec{Record: t.TempDir()}
	place := spec.OutputPath("built")
	spec.Outputs = []initrec.Output{{Name: "built", Path: place}}
	r := runInit(t, spec, "sh", "-c", `mkdir "$0"; echo data > "$0/file"; stat -c %i "$0/file"`, place)
	if r.code != 0 || r.rec.Outputs[0].Files != 1 || r.rec.Outputs[0].Bytes != 5 {
		t.Fatalf("exit code %d, %+v", r.code, r.rec.Outputs)
	}
	if got := fmt.Sprintf("%d\n", stat(t, filepath.Join(place, "file")).Ino); got != r.stdout {
		t.Errorf("the file was copied: inode %q became %q", r.stdout, got)
	}
}

func TestOutputTooDeep(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, strings.Repeat("d/", maxDepth+1))
	r := runInit(t, initrec.Spec{Outputs: []initrec.Output{{Name: "deep", Path: dir}}}, "mkdir", "-p", deep)
	if r.code != initrec.ExitInit || !strings.Contains(r.rec.Error, "deep") {
		t.Errorf("exit code %d, error %q", r.code, r.rec.Error)
	}
}
