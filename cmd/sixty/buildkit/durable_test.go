//go:build linux

package buildkit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// While runs go on nobody waits for the disk, and the disk says so; afterwards it
// does not.
func TestSettle(t *testing.T) {
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	root := t.TempDir()
	e, err := Start(t.Context(), EmbeddedOptions{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close() // again, when all goes well
	expect := func(when string, waiting bool) {
		t.Helper()
		for i, base := range e.durable.databases {
			err := base.View(func(tx *bolt.Tx) error {
				if tx.DB().NoSync == waiting {
					t.Errorf("%s: database %d: waiting = %v", when, i, !waiting)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := os.Stat(markFile(root))
		if marked := err == nil; marked == waiting {
			t.Errorf("%s: marked = %v", when, marked)
		}
	}
	expect("at first", true)
	for range 2 {
		if err := e.Begin(); err != nil {
			t.Fatal(err)
		}
		expect("with a run", false)
		if err := e.Settle(); err != nil {
			t.Fatal(err)
		}
		expect("without one", true)
	}
	if err := e.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(markFile(root)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a closed engine leaves its mark: %v", err)
	}
}

// A run that comes while the disk is written keeps the mark.
func TestSettleUnderARun(t *testing.T) {
	d := &durable{mark: filepath.Join(t.TempDir(), "unsettled"), boot: []byte("now"), waiting: true}
	if err := d.begin(); err != nil {
		t.Fatal(err)
	}
	d.synced = func(string) error { return d.begin() }
	if err := d.settle(true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.mark); err != nil || d.waiting {
		t.Errorf("the mark of a run is gone: %v; waiting = %v", err, d.waiting)
	}
}

// What was not on the disk when the machine went down is thrown away; when only
// the engine did, it is not.
func TestPowerFailure(t *testing.T) {
	for name, c := range map[string]struct {
		mark, boot string
		thrown     bool
	}{
		"settled": {"", "now", false}, "engine killed": {"now", "now", false}, "machine went down": {"before", "now", true},
		"no boot is known": {"before", "", true}, "torn mark": {"n", "now", true},
	} {
		root := t.TempDir()
		kept, other := filepath.Join(root, "runc-overlayfs", "snapshots"), filepath.Join(root, "serve")
		if err := errors.Join(os.MkdirAll(kept, 0o700), os.MkdirAll(other, 0o700)); err != nil {
			t.Fatal(err)
		}
		if c.mark != "" {
			if err := os.WriteFile(markFile(root), []byte(c.mark), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var boot []byte
		if c.boot != "" {
			boot = []byte(c.boot)
		}
		d, err := trusted(root, boot)
		if err != nil || !d.waiting || d.marked != (c.mark != "" && !c.thrown) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) != c.thrown {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(markFile(root)); c.thrown && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the mark stays: %v", name, err)
		}
	}
}
