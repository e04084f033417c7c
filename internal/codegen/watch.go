package codegen

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// maxWatched bounds the files that a watch looks at.
const maxWatched = 200_000

// Watch calls run, and again whenever a file under one of the folders was
// added, changed or removed since, until ctx is done. It looks every interval
// and needs nothing of the system, so it works on any file system. A change
// while run is at work, by run itself for instance, leads to one more call;
// folders that sixty, git and cargo keep for themselves are not looked at.
//
// An error of run ends the watch; whoever wants to go on tells of the error and
// returns nil.
func Watch(ctx context.Context, interval time.Duration, dirs []string, run func(context.Context) error) error {
	var seen [sha256.Size]byte
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for first := true; ; first = false {
		now, err := fingerprint(ctx, dirs)
		if err != nil {
			return err
		}
		if first || now != seen {
			seen = now
			if err := run(ctx); err != nil {
				return err
			}
			continue // look again at once: the run may have taken long
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// fingerprint is a digest of names, sizes and times of modification.
func fingerprint(ctx context.Context, dirs []string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	files := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil // gone between being listed and looked at
			}
			if err != nil {
				return err
			}
			if d.IsDir() {
				switch d.Name() {
				case Dir, ".git", "target":
					return fs.SkipDir
				}
				return ctx.Err()
			}
			if files++; files > maxWatched {
				return fmt.Errorf("watch %s: there are over %d files", dir, maxWatched)
			}
			info, err := d.Info()
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
			return nil
		})
		if err != nil {
			return sum, err
		}
	}
	h.Sum(sum[:0])
	return sum, nil
}

// Dirs are the folders that a project reads: its own and those of its packs
// that are given by a path.
func (p *Project) Dirs() []string { return append([]string{p.dir}, p.packDirs...) }
