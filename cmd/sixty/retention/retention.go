// Package retention keeps the cache folder from growing for ever: it removes
// results and content that no run has used for some time, the oldest first where
// there is too much.
//
// A run holds the folder's lock shared ([Use]) and marks what it uses by its
// time of modification; collecting needs the lock for itself, so nothing that a
// run has found there goes away under it. All that is removed can be made again:
// content from its sources, results from the engine's cache.
package retention

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Policy says what is kept.
type Policy struct {
	// MaxAge is how long something is kept after its last use; zero: for ever.
	MaxAge time.Duration
	// MaxBytes bounds all of it; zero: no bound.
	MaxBytes int64
	// All keeps nothing.
	All bool
}

// Default is what runs collect by: what was not used for 30 days, and the oldest
// beyond 5 GiB.
func Default() Policy { return Policy{MaxAge: 30 * 24 * time.Hour, MaxBytes: 5 << 30} }

// Kind is what an entry of the cache is.
type Kind string

// The kinds that are collected, which are their folders' names as well.
const (
	Results Kind = "results"
	Content Kind = "content"
)

// Entry is one thing that is kept or removed as a whole.
type Entry struct {
	Kind Kind `json:"kind"`
	// Name is the step's key, or the content's digest, in hex.
	Name string `json:"name"`
	// Bytes is what it takes on disk.
	Bytes int64     `json:"bytes"`
	Used  time.Time `json:"used"`
	// left: what a run that was killed has left behind, or what lay beside
	// something that is gone.
	left bool
	path string
	// beside are files called NAME.something, which belong to it.
	beside []string
}

// List gives all entries of a cache folder, the one used last first.
func List(cache string) ([]Entry, error) {
	results, err := list(Results, filepath.Join(cache, string(Results)))
	if err != nil {
		return nil, err
	}
	content, err := list(Content, filepath.Join(cache, string(Content), "blobs", "sha256"))
	if err != nil {
		return nil, err
	}
	all := append(results, content...)
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(b.Used.Compare(a.Used), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

func list(kind Kind, dir string) ([]Entry, error) {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the cache: %w", err)
	}
	var all []Entry
	place := map[string]int{}
	for _, f := range found { // sorted, so what lies beside an entry comes after it
		if name, _, beside := strings.Cut(f.Name(), "."); beside && name != "" {
			if i, ok := place[name]; ok {
				all[i].beside = append(all[i].beside, filepath.Join(dir, f.Name()))
				continue
			}
		}
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list the cache: %w", err)
		}
		e := Entry{Kind: kind, Name: f.Name(), Used: info.ModTime(), path: filepath.Join(dir, f.Name()), left: strings.Contains(f.Name(), ".")}
		if e.Bytes, err = Size(e.path); err != nil {
			return nil, fmt.Errorf("list the cache: %w", err)
		}
		place[e.Name] = len(all)
		all = append(all, e)
	}
	return all, nil
}

// Size is what a file or folder takes on disk, in bytes; links are not followed,
// and what is gone meanwhile does not count.
func Size(path string) (int64, error) {
	var total int64
	seen := map[[2]uint64]bool{} // hard links count once
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			total += info.Size()
			return nil
		}
		if id := [2]uint64{st.Dev, st.Ino}; st.Nlink < 2 || d.IsDir() || !seen[id] {
			seen[id] = true
			total += st.Blocks * 512
		}
		return nil
	})
	return total, err
}

// Expired chooses what a policy removes: what is too old, then the oldest until
// the rest fits. entries are in the order of List.
func Expired(entries []Entry, p Policy, now time.Time) []Entry {
	var kept int64
	full := false
	var out []Entry
	for _, e := range entries {
		old := p.MaxAge > 0 && now.Sub(e.Used) > p.MaxAge
		if p.All || e.left || old || full {
			out = append(out, e)
			continue
		}
		if full = p.MaxBytes > 0 && kept+e.Bytes > p.MaxBytes; full {
			out = append(out, e)
			continue
		}
		kept += e.Bytes
	}
	return out
}

// ErrInUse says that another process works with the cache folder.
var ErrInUse = errors.New("another sixty is using the cache folder")

// Collect removes what a policy says, and returns what it removed. It waits for
// nobody: ErrInUse when a run goes on.
func Collect(cache string, p Policy, now time.Time) ([]Entry, error) {
	lock, err := lock(cache, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	all, err := List(cache)
	if err != nil {
		return nil, err
	}
	var removed []Entry
	for _, e := range Expired(all, p, now) {
		for _, path := range append(e.beside, e.path) {
			if err := os.RemoveAll(path); err != nil {
				return removed, fmt.Errorf("collect the cache: %w", err)
			}
		}
		removed = append(removed, e)
	}
	return removed, nil
}

// collected is the file whose time is that of the last collection.
const collected = ".collected"

// pause is the time between collections that nobody asked for.
const pause = 24 * time.Hour

// CollectSometimes is Collect by the default policy, once a day; while a run
// goes on it is left for later.
func CollectSometimes(cache string, now time.Time) error {
	mark := filepath.Join(cache, collected)
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()) < pause {
		return nil
	}
	_, err := Collect(cache, Default(), now)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return fmt.Errorf("collect the cache: %w", err)
	}
	return os.Chtimes(mark, now, now)
}

// Use holds the cache folder for a run until it is closed, or until the process
// ends. While another process collects, it waits.
func Use(cache string) (io.Closer, error) { return lock(cache, unix.LOCK_SH) }

func lock(cache string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(cache, ".in-use"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache folder: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			err = ErrInUse
		default:
			err = fmt.Errorf("lock the cache folder: %w", err)
		}
		f.Close()
		return nil, err
	}
}
