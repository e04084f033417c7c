package advisory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// RustSecURL is where RustSec publishes its database.
const RustSecURL = "https://github.com/RustSec/advisory-db"

// Update replaces the database in the folder dir with a fresh checkout of the
// git repository at url, and returns it loaded. The revision is a commit, tag or
// branch; empty takes the newest of the default branch. The commit that was
// taken stands in the checkout's .git/HEAD, where [Load] finds it.
//
// A checkout that does not load never replaces one that does: it is made beside
// dir and moved there last. Update needs the git command.
func Update(ctx context.Context, url, revision, dir string) (*DB, error) {
	if strings.HasPrefix(url, "-") || strings.HasPrefix(revision, "-") {
		return nil, fmt.Errorf("update the advisory database: %q at %q would be read as an option", url, revision)
	}
	if revision == "" {
		revision = "HEAD"
	}
	if err := mayReplace(dir); err != nil {
		return nil, err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("update the advisory database: %w", err)
	}
	fresh, err := os.MkdirTemp(parent, ".advisory-db-")
	if err != nil {
		return nil, fmt.Errorf("update the advisory database: %w", err)
	}
	defer os.RemoveAll(fresh)
	for _, args := range [][]string{
		{"init", "--quiet", "--template=", "."},
		{"fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", url, revision},
		{"checkout", "--quiet", "--detach", "FETCH_HEAD"},
	} {
		if err := git(ctx, fresh, args...); err != nil {
			return nil, fmt.Errorf("fetch the advisory database from %s: %w", url, err)
		}
	}
	db, err := loadFolder(fresh)
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", url, revision, err)
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return nil, fmt.Errorf("update the advisory database: %w", err)
	}
	return db, replace(fresh, dir)
}

// mayReplace refuses a folder that holds something other than a database.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("update the advisory database: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "crates")); err != nil {
		return fmt.Errorf("update the advisory database: %s holds something else; choose an empty folder", dir)
	}
	return nil
}

func loadFolder(dir string) (*DB, error) {
	root, err := os.OpenRoot(dir) // a link in the repository leads nowhere
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return Load(root.FS())
}

// replace moves a folder to where another one may be.
func replace(fresh, dir string) error {
	old, err := os.MkdirTemp(filepath.Dir(fresh), ".advisory-db-old-")
	if err != nil {
		return fmt.Errorf("update the advisory database: %w", err)
	}
	defer os.RemoveAll(old)
	aside := filepath.Join(old, "db")
	moved := os.Rename(dir, aside)
	if moved != nil && !errors.Is(moved, os.ErrNotExist) {
		return fmt.Errorf("update the advisory database: %w", moved)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if moved == nil {
			err = errors.Join(err, os.Rename(aside, dir))
		}
		return fmt.Errorf("update the advisory database: %w", err)
	}
	return nil
}

// git runs one git command without a terminal, hooks or links.
func git(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-C", dir,
		"-c", "core.hooksPath=" + os.DevNull,
		"-c", "core.symlinks=false",
		"-c", "fetch.fsckObjects=true",
		"-c", "protocol.ext.allow=never",
		"-c", "advice.detachedHead=false",
		"-c", "init.defaultBranch=main",
	}, args...)...)
	// The caller's own repository, as inside a git hook, is not the one meant.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_INDEX_FILE=")
	}), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("the git command is not installed")
		}
		return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
