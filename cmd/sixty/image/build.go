package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"
)

// Build makes the image of a spec and puts it at dir, in place of what was
// there, once it is complete. It needs root and mmdebstrap (see Ready) and
// prints lines on progress. Of two that build at one place, the second waits,
// and takes the first one's image if it answers the spec.
func Build(ctx context.Context, spec Spec, dir string, progress io.Writer) (Info, error) {
	if err := spec.Check(); err != nil {
		return Info{}, err
	}
	if err := Ready(); err != nil {
		return Info{}, fmt.Errorf("build image %q: %w", spec.Name, err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Info{}, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Info{}, fmt.Errorf("make the images' folder: %w", err)
	}
	unlock, waited, err := lock(ctx, dir+".lock", progress)
	if err != nil {
		return Info{}, fmt.Errorf("build image %q: %w", spec.Name, err)
	}
	defer unlock()
	if waited {
		if info, err := Open(dir); err == nil && info.Key == spec.Key() {
			return info, nil
		}
	}
	work := dir + ".new"
	if err := build(ctx, spec.complete(), work, progress); err != nil {
		return Info{}, errors.Join(fmt.Errorf("build image %q: %w", spec.Name, err), os.RemoveAll(work))
	}
	if err := replace(filepath.Join(work, "layout"), dir); err != nil {
		return Info{}, fmt.Errorf("put image %q in its place: %w", spec.Name, err)
	}
	if err := os.RemoveAll(work); err != nil {
		return Info{}, fmt.Errorf("clean up after image %q: %w", spec.Name, err)
	}
	return Open(dir)
}

func build(ctx context.Context, spec Spec, work string, progress io.Writer) error {
	// What a build that was killed has left.
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	root := filepath.Join(work, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	// File systems stamp files by a clock that may lag a little behind.
	built := time.Now().Add(-time.Second)
	if err := spec.install(ctx, root, progress); err != nil {
		return err
	}
	packages, err := readStatus(root)
	if err != nil {
		return err
	}
	out, err := newLayout(filepath.Join(work, "layout"))
	if err != nil {
		return fmt.Errorf("make the layout: %w", err)
	}
	fmt.Fprintf(progress, "I: writing the layer of %d packages...\n", len(packages))
	var epoch time.Time
	sum, size, err := out.stream(func(w io.Writer) (err error) {
		epoch, err = writeLayer(ctx, root, built, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the layer: %w", err)
	}
	layer := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageLayer, Digest: sum, Size: size}
	return out.finish(spec, layer, packages, epoch)
}

func readStatus(root string) ([]Package, error) {
	f, err := os.Open(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	defer f.Close()
	return installed(f)
}

// replace moves a folder to a place; what was there goes to the folder's old
// place in the same moment.
func replace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOENT) {
		err = os.Rename(from, to)
	}
	return err
}

// lockPause is the time between two looks at a lock that another one holds.
const lockPause = 200 * time.Millisecond

// lock takes the lock file, and says whether it had to wait for it.
func lock(ctx context.Context, name string, progress io.Writer) (unlock func(), waited bool, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, false, fmt.Errorf("open the lock: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, waited, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, waited, fmt.Errorf("lock %s: %w", name, err)
		}
		if !waited {
			fmt.Fprintf(progress, "I: another process builds this image (%s); waiting\n", name)
		}
		waited = true
		select {
		case <-ctx.Done():
			f.Close()
			return nil, waited, context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}
