package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hollow are folders of which only the folder itself goes into the layer: other
// file systems are mounted there, or what they hold is of no use to a step and
// differs from build to build.
var hollow = map[string]bool{
	"dev": true, "proc": true, "sys": true, "run": true, "tmp": true, "var/tmp": true,
	"var/lib/apt/lists": true, "var/cache/apt": true, "var/cache/ldconfig": true, "var/cache/debconf": true,
}

// left are files that stay out: they name the machine, or record when and how
// the image was built.
var left = map[string]bool{
	"etc/hostname": true, "etc/resolv.conf": true, "etc/machine-id": true, "etc/.pwd.lock": true,
	"etc/passwd-": true, "etc/group-": true, "etc/shadow-": true, "etc/gshadow-": true,
	"etc/subuid-": true, "etc/subgid-": true, "var/lib/dbus/machine-id": true,
	"var/lib/dpkg/status-old": true, "var/lib/dpkg/diversions-old": true, "var/lib/dpkg/available-old": true,
	"var/lib/dpkg/lock": true, "var/lib/dpkg/lock-frontend": true, "var/lib/systemd/random-seed": true,
}

// keepFile says whether a path below the root, without a leading slash, goes
// into the layer.
func keepFile(name string, dir bool) bool {
	if left[name] || !dir && strings.HasPrefix(name, "var/log/") || strings.HasSuffix(name, ".dpkg-tmp") {
		return false
	}
	for at := path.Dir(name); at != "."; at = path.Dir(at) {
		if hollow[at] {
			return false
		}
	}
	return true
}

// layer writes a file system as one tar archive.
type layer struct {
	root  string
	built time.Time // when building began; what is newer was generated
	epoch time.Time // the newest time of a package's file
	out   *tar.Writer
	links map[uint64]string // inode → first name in the archive
}

// writeLayer writes the folder root to w, in the order of names, and returns
// the newest time that a file in it has, or installEpoch if that is newer.
// Times since built, those of files that installing generated, become that
// time: it depends on the packages alone. A package's own files keep theirs, since cargo tells compilers apart
// by them.
func writeLayer(ctx context.Context, root string, built time.Time, w io.Writer) (time.Time, error) {
	l := &layer{root: root, built: built, epoch: time.Unix(installEpoch, 0), out: tar.NewWriter(w), links: map[uint64]string{}}
	err := l.walk(ctx, func(_ string, info fs.FileInfo) error {
		if t := info.ModTime(); t.Before(built) && t.After(l.epoch) {
			l.epoch = t
		}
		return nil
	})
	if err != nil {
		return time.Time{}, err
	}
	l.epoch = l.epoch.UTC().Truncate(time.Second)
	if err := l.walk(ctx, l.add); err != nil {
		return time.Time{}, err
	}
	return l.epoch, l.out.Close()
}

// walk visits what goes into the layer; names have no leading slash, the root
// itself is left out.
func (l *layer) walk(ctx context.Context, visit func(name string, info fs.FileInfo) error) error {
	return filepath.WalkDir(l.root, func(at string, d fs.DirEntry, err error) error {
		if err != nil || at == l.root {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		name := at[len(l.root)+1:]
		if !keepFile(name, d.IsDir()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return visit(name, info)
	})
}

func (l *layer) add(name string, info fs.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	header := &tar.Header{
		Name: name, Mode: int64(stat.Mode & 0o7777), ModTime: l.clamp(info.ModTime()),
		Uid: int(stat.Uid), Gid: int(stat.Gid),
	}
	switch info.Mode().Type() {
	case 0:
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
		if first, ok := l.links[stat.Ino]; ok && stat.Nlink > 1 {
			header.Typeflag, header.Size, header.Linkname = tar.TypeLink, 0, first
		} else {
			l.links[stat.Ino] = name
		}
	case fs.ModeDir:
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
	case fs.ModeSymlink:
		target, err := os.Readlink(filepath.Join(l.root, name))
		if err != nil {
			return err
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, target
	default:
		return nil // a device, pipe or socket; engines make their own
	}
	if header.Typeflag == tar.TypeReg {
		if err := l.fileCapabilities(header); err != nil {
			return err
		}
	}
	if err := l.out.WriteHeader(header); err != nil {
		return fmt.Errorf("write %s to the layer: %w", name, err)
	}
	if header.Typeflag != tar.TypeReg {
		return nil
	}
	f, err := os.Open(filepath.Join(l.root, name))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(l.out, f); err != nil {
		return fmt.Errorf("write %s to the layer: %w", name, err)
	}
	return nil
}

func (l *layer) clamp(t time.Time) time.Time {
	if !t.Before(l.built) {
		return l.epoch
	}
	return t.UTC().Truncate(time.Second)
}

// fileCapabilities keeps the one extended attribute that packages set.
func (l *layer) fileCapabilities(header *tar.Header) error {
	const attribute = "security.capability"
	value := make([]byte, 64)
	n, err := unix.Lgetxattr(filepath.Join(l.root, header.Name), attribute, value)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the capabilities of %s: %w", header.Name, err)
	}
	header.PAXRecords = map[string]string{"SCHILY.xattr." + attribute: string(value[:n])}
	return nil
}
