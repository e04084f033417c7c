package advisory

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// repository makes a git repository of a database and returns a function that
// writes more files and commits them.
func repository(t *testing.T) (dir string, commit func(fstest.MapFS) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("the tests need git: ", err)
	}
	dir = t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "--quiet", "--initial-branch=main")
	return dir, func(files fstest.MapFS) string {
		t.Helper()
		for name, f := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run("add", "-A")
		run("commit", "--quiet", "-m", "change")
		return run("rev-parse", "HEAD")
	}
}

func TestUpdate(t *testing.T) {
	ctx := t.Context()
	repo, commit := repository(t)
	first := commit(sampleDB())
	dir := filepath.Join(t.TempDir(), "cache", "advisory-db")

	db, err := Update(ctx, repo, "", dir)
	if err != nil {
		t.Fatal(err)
	}
	if db.Revision != (Revision{"git", first}) {
		t.Errorf("first: %+v, want %s", db.Revision, first)
	}

	second := commit(fstest.MapFS{"crates/new/RUSTSEC-2024-0020.md": entry("RUSTSEC-2024-0020", "new", "", "patched = []")})
	if db, err = Update(ctx, repo, "", dir); err != nil {
		t.Fatal(err)
	}
	if db.Revision.ID != second || db.Advisory("RUSTSEC-2024-0020") == nil {
		t.Errorf("second: %+v, want %s", db.Revision, second)
	}
	if again := mustLoad(t, os.DirFS(dir)); again.Revision.ID != second || again.Digest != db.Digest {
		t.Errorf("on disk: %+v", again.Revision)
	}

	if db, err = Update(ctx, repo, first, dir); err != nil {
		t.Fatal(err)
	}
	if db.Revision.ID != first {
		t.Errorf("pinned: %+v, want %s", db.Revision, first)
	}

	// A state that does not load must not replace one that does.
	commit(fstest.MapFS{"crates/bad/RUSTSEC-2024-0021.md": {Data: []byte("nonsense")}})
	if _, err := Update(ctx, repo, "", dir); err == nil {
		t.Error("a broken database was taken")
	}
	if kept := mustLoad(t, os.DirFS(dir)); kept.Revision.ID != first {
		t.Errorf("after the failure: %+v, want %s", kept.Revision, first)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestUpdateRefuses(t *testing.T) {
	ctx := t.Context()
	repo, commit := repository(t)
	commit(sampleDB())

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(ctx, repo, "", other); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("a folder with other files: %v", err)
	}
	if _, err := os.Stat(filepath.Join(other, "thesis.tex")); err != nil {
		t.Error("the user's file is gone")
	}

	dir := filepath.Join(t.TempDir(), "db")
	for _, bad := range [][2]string{{filepath.Join(t.TempDir(), "absent"), ""}, {repo, "no-such-branch"}, {"--upload-pack=touch x", ""}, {"ext::sh -c true", ""}} {
		if _, err := Update(ctx, bad[0], bad[1], dir); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Update(canceled, repo, "", dir); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failed update left %s: %v", dir, err)
	}
}

// TestUpdateFollowsNoLink has a repository whose advisory is a link to a file
// outside of it.
func TestUpdateFollowsNoLink(t *testing.T) {
	repo, commit := repository(t)
	secret := filepath.Join(t.TempDir(), "secret.md")
	if err := os.WriteFile(secret, entry("RUSTSEC-2024-0030", "link", "", "patched = []").Data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(repo, "crates/link"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(repo, "crates/link/RUSTSEC-2024-0030.md")); err != nil {
		t.Fatal(err)
	}
	commit(sampleDB())
	if _, err := Update(t.Context(), repo, "", filepath.Join(t.TempDir(), "db")); err == nil {
		t.Error("an advisory was read through a link")
	}
}
