package market

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// GitSource offers the packs of a git repository at a revision. It reads the
// objects of the repository and never checks a tree out, so no hook, filter or
// attribute of it takes effect.
type GitSource struct {
	address, ref, subdir string
	cache                *Cache
}

var (
	gitCommit  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	gitRef     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/+-]*$`)
	gitAddress = regexp.MustCompile(`^(https?://|ssh://|git://|file://|/|[0-9A-Za-z._-]+@[0-9A-Za-z.-]+:)[^\s\x00-\x1f]+$`)
)

// NewGitSource makes a source of a repository (https, ssh, git, file or a local
// path), a revision (a branch, a tag or a commit; the default branch when
// empty) and a folder in it. It needs the git command.
func NewGitSource(address, ref, subdir string, cache *Cache) (*GitSource, error) {
	switch {
	case !gitAddress.MatchString(address):
		return nil, fmt.Errorf("%q is not the address of a git repository", address)
	case ref != "" && (!gitRef.MatchString(ref) || strings.Contains(ref, "..")):
		return nil, fmt.Errorf("%q is not a git revision", ref)
	case subdir != "" && !fs.ValidPath(subdir):
		return nil, fmt.Errorf("%q is not a path inside a repository", subdir)
	}
	if ref == "" {
		ref = "HEAD"
	}
	return &GitSource{address: address, ref: ref, subdir: subdir, cache: cache}, nil
}

// Name implements [Source].
func (s *GitSource) Name() string { return s.at(s.ref) }

// at names the source at a revision, as locks do.
func (s *GitSource) at(rev string) string {
	name := "git+" + s.address + "?ref=" + rev
	if s.subdir != "" {
		name += "&dir=" + s.subdir
	}
	return name
}

// List implements [Source].
func (s *GitSource) List(ctx context.Context) ([]Entry, []error, error) {
	commit, err := s.resolve(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, []error{err}, nil
	}
	fsys, err := s.tree(ctx, commit)
	if err != nil {
		return nil, []error{err}, nil //nolint:nilerr // a source that says nothing is a fault among others
	}
	inner := &FSSource{name: s.at(commit), fsys: fsys, show: s.Name()}
	entries, faults, err := inner.List(ctx)
	for i := range entries {
		entries[i].Location = commit + " " + entries[i].Location
	}
	return entries, faults, err
}

// Open implements [Source].
func (s *GitSource) Open(ctx context.Context, e Entry) (*Pack, error) {
	commit, location, ok := strings.Cut(e.Location, " ")
	if !ok || !gitCommit.MatchString(commit) {
		return nil, fmt.Errorf("%q does not say where in %s the pack is", e.Location, s.address)
	}
	fsys, err := s.tree(ctx, commit)
	if err != nil {
		return nil, err
	}
	inner := &FSSource{name: s.at(commit), fsys: fsys, show: s.Name()}
	e.Location = location
	return inner.Open(ctx, e)
}

// Fetch gives the folder of the source as a file system, at the revision.
func (s *GitSource) Fetch(ctx context.Context) (fs.FS, error) {
	commit, err := s.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return s.tree(ctx, commit)
}

// resolve gives the commit of the revision. A commit that is there already
// needs no network.
func (s *GitSource) resolve(ctx context.Context) (string, error) {
	repo, err := s.repository(ctx)
	if err != nil {
		return "", err
	}
	if gitCommit.MatchString(s.ref) {
		if _, err := s.git(ctx, repo, "cat-file", "-e", s.ref+"^{commit}"); err == nil {
			return s.ref, nil
		}
	}
	local := "refs/sixty/" + fileKey(s.ref)
	if _, err := s.git(ctx, repo, "fetch", "--quiet", "--force", "--no-tags", "--depth=1", "--no-write-fetch-head", "--", s.address, s.ref+":"+local); err != nil {
		return "", fmt.Errorf("fetch %s: %w", s.Name(), err)
	}
	out, err := s.git(ctx, repo, "rev-parse", "--verify", "--quiet", local+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%s is no commit: %w", s.Name(), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// repository is the bare repository that the objects are fetched into.
func (s *GitSource) repository(ctx context.Context) (string, error) {
	repo := filepath.Join(s.cache.dir, "git", fileKey(s.address))
	if _, err := os.Stat(filepath.Join(repo, "HEAD")); err == nil {
		return repo, nil
	}
	if err := os.MkdirAll(repo, 0o755); err != nil {
		return "", fmt.Errorf("make the cache of git repositories: %w", err)
	}
	_, err := s.git(ctx, repo, "init", "--quiet", "--bare", "--template=")
	return repo, err
}

// tree gives the source's folder at a commit, from the cache if it is there.
func (s *GitSource) tree(ctx context.Context, commit string) (fs.FS, error) {
	known := filepath.Join(s.cache.dir, "git", "trees", fileKey(commit+" "+s.subdir))
	if digest, err := os.ReadFile(known); err == nil {
		if fsys, err := s.cache.Get(strings.TrimSpace(string(digest))); err == nil {
			return fsys, nil
		}
	}
	repo, err := s.repository(ctx)
	if err != nil {
		return nil, err
	}
	fsys, digest, err := s.cache.store(func(w *writer) error { return s.export(ctx, repo, commit, w) })
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.at(commit), err)
	}
	if err := os.MkdirAll(filepath.Dir(known), 0o755); err != nil {
		return nil, err
	}
	return fsys, replaceFile(known, []byte(digest))
}

// export reads the blobs of a tree.
func (s *GitSource) export(ctx context.Context, repo, commit string, w *writer) error {
	listing, err := s.git(ctx, repo, "ls-tree", "-r", "-z", "--full-tree", commit+":"+s.subdir)
	if err != nil {
		return err
	}
	type blob struct{ id, name string }
	var blobs []blob
	var request bytes.Buffer
	for entry := range strings.SplitSeq(strings.TrimRight(string(listing), "\x00"), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(head)
		if len(fields) != 3 {
			return fmt.Errorf("git lists %q", entry)
		}
		if fields[1] != "blob" || (fields[0] != "100644" && fields[0] != "100755") {
			return fmt.Errorf("%s is a link or a submodule, which a pack may not have", name)
		}
		if len(blobs) == maxPackFiles {
			return fmt.Errorf("there are over %d files", maxPackFiles)
		}
		blobs = append(blobs, blob{fields[2], name})
		request.WriteString(fields[2] + "\n")
	}
	cmd := s.command(ctx, repo, "cat-file", "--batch")
	cmd.Stdin = &request
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git: %w", err)
	}
	r := bufio.NewReader(out)
	for _, b := range blobs {
		if err := exportBlob(r, b.id, b.name, w); err != nil {
			_ = cmd.Process.Kill()
			return errors.Join(err, ctx.Err(), ignoreExit(cmd.Wait()))
		}
	}
	return cmd.Wait()
}

// exportBlob reads one answer of cat-file --batch: "ID blob SIZE", the content,
// a line break.
func exportBlob(r *bufio.Reader, id, name string, w *writer) error {
	head, err := r.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	fields := strings.Fields(head)
	if len(fields) != 3 || fields[0] != id || fields[1] != "blob" {
		return fmt.Errorf("read %s: git answers %q", name, strings.TrimSpace(head))
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return fmt.Errorf("read %s: git answers %q", name, strings.TrimSpace(head))
	}
	content := io.LimitReader(r, size)
	if err := w.add(name, content); err != nil {
		return err
	}
	_, err = r.Discard(1)
	return err
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

func (s *GitSource) command(ctx context.Context, repo string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "--git-dir=" + repo}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https:http:ssh:git:file", "LC_ALL=C")
	return cmd
}

func (s *GitSource) git(ctx context.Context, repo string, args ...string) ([]byte, error) {
	cmd := s.command(ctx, repo, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("git is not installed: install it, or add the pack as a directory")
	}
	if err != nil {
		text := strings.TrimSpace(stderr.String())
		if len(text) > 500 {
			text = text[:500] + "…"
		}
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, text)
	}
	return out, nil
}

// fileKey is a name for a file about s.
func fileKey(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
