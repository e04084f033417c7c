package codegen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lock keeps a second run out of the output folder.
func lock(r *os.Root) (unlock func(), err error) {
	if err := r.MkdirAll(Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", Dir, err)
	}
	f, err := r.Open(Dir)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("another run is writing this output folder: %w", err)
	}
	// The run before may have removed the folder between our opening it and
	// locking it.
	locked, err := f.Stat()
	if err == nil {
		var current fs.FileInfo
		if current, err = r.Lstat(Dir); err == nil && !os.SameFile(locked, current) {
			err = errors.New("another run just ended, try again")
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the output folder: %w", err)
	}
	return func() {
		r.Remove(Dir) // fails, as it should, while anything is kept there
		f.Close()
	}, nil
}
