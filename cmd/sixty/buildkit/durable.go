//go:build linux

package buildkit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/buildkit/util/db"
	"github.com/sirupsen/logrus"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// durable decides when the engine's databases reach the disk. Each step changes
// them some fifty times, and waiting for the disk at each change took half of what
// a step costs. So while runs go on nobody waits, and a mark on the disk says in
// which boot of the machine that is so. What the kernel was given survives a killed
// engine; it does not survive a power failure, after which the mark is of another
// boot: then the state is thrown away before anything in it is trusted. Without
// runs everything is brought to the disk, the files of the steps too, and the mark
// is removed.
type durable struct {
	mark      string
	boot      []byte // nil: the kernel does not say, so each change is waited for
	databases []db.Transactor
	// synced brings the files below a folder to the disk.
	synced func(dir string) error

	mu sync.Mutex
	// busy counts how often runs came after a time without.
	busy    int
	marked  bool
	waiting bool // each change is waited for
}

const bootFile = "/proc/sys/kernel/random/boot_id"

func markFile(root string) string { return filepath.Join(root, "unsettled") }

// stateNames are the databases and folders of the state that belong together.
var stateNames = []string{"runc-overlayfs", "cache.db", "history.db"}

// trusted is for a state that nobody uses yet. One that was not brought to the disk
// before the machine went down is thrown away first. boot is that of now.
func trusted(root string, boot []byte) (*durable, error) {
	d := &durable{mark: markFile(root), boot: boot, waiting: true, synced: syncFiles}
	marked, err := os.ReadFile(d.mark)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("see whether the engine's state is on the disk: %w", err)
	case boot != nil && bytes.Equal(marked, boot): // only the engine went down
		d.marked = true
		return d, nil
	}
	return d, discard(root)
}

// discard throws the engine's state away.
func discard(root string) error {
	logrus.Warnf("the machine went down while steps ran, so the engine's state in %s is made anew", root)
	for _, name := range stateNames {
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			return fmt.Errorf("remove a state that is not to be trusted: %w", err)
		}
	}
	if err := syncDir(root); err != nil {
		return err
	}
	return os.Remove(markFile(root))
}

// thisBoot identifies the time since the kernel started; nil where it does not say.
func thisBoot() []byte {
	boot, err := os.ReadFile(bootFile)
	if err != nil || len(boot) == 0 {
		return nil
	}
	return boot
}

// begin is told that a run comes.
func (d *durable) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy++
	if d.boot == nil || !d.waiting {
		return nil
	}
	if !d.marked {
		if err := writeDurably(d.mark, d.boot); err != nil {
			return fmt.Errorf("mark the engine's state as unsettled: %w", err)
		}
		d.marked = true
	}
	return d.wait(false)
}

// settle is told that no run is left. It brings everything to the disk, files too
// when asked, and removes the mark, unless a run comes meanwhile.
func (d *durable) settle(files bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.marked {
		return nil
	}
	if err := d.wait(true); err != nil {
		return err
	}
	if files {
		before := d.busy
		d.mu.Unlock()
		err := d.synced(filepath.Dir(d.mark))
		d.mu.Lock()
		if err != nil || d.busy != before || !d.marked {
			return err
		}
	}
	if err := os.Remove(d.mark); err != nil {
		return fmt.Errorf("mark the engine's state as settled: %w", err)
	}
	d.marked = false
	return nil
}

// wait says whether each change is waited for. Where it is from now on, all earlier
// ones are on the disk when this returns.
func (d *durable) wait(each bool) error {
	for _, base := range d.databases {
		err := base.Update(func(tx *bolt.Tx) error {
			tx.DB().NoSync = !each // read when a change is committed, one at a time
			return nil
		})
		if err != nil {
			return fmt.Errorf("bring the engine's state to the disk: %w", err)
		}
	}
	d.waiting = each
	return nil
}

// writeDurably writes a file, and returns when it is on the disk.
func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// syncFiles brings the whole file system of a folder to the disk.
func syncFiles(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		dir.Close()
		return fmt.Errorf("bring %s to the disk: %w", path, err)
	}
	return dir.Close()
}
