package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// maxDepth bounds how deep a tree may be.
const maxDepth = 128

// collectOutput copies one output into the record folder, unless it is there
// already. place is its absolute path there. No process of the step is alive
// any more, so nothing changes underneath.
func collectOutput(record *os.Root, place string, o initrec.Output) initrec.OutputRecord {
	got := initrec.OutputRecord{Name: o.Name, Path: o.Path}
	c := &copier{record: record, got: &got, links: map[[2]uint64]string{}}
	c.count = path.Clean(o.Path) == path.Clean(place)
	if err := c.output(o.Path, path.Join(initrec.OutputsDir, o.Name)); err != nil {
		got.Error = err.Error()
	}
	return got
}

type copier struct {
	record *os.Root
	got    *initrec.OutputRecord
	links  map[[2]uint64]string // device and inode → first copy
	count  bool                 // only count, the tree is in its place
}

func (c *copier) output(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		c.got.Kind = initrec.OutputMissing
		return nil
	}
	if err != nil {
		return err
	}
	switch info.Mode().Type() {
	case 0:
		c.got.Kind = initrec.OutputFile
	case fs.ModeDir:
		c.got.Kind = initrec.OutputFolder
	case fs.ModeSymlink:
		c.got.Kind = initrec.OutputSymlink
	default:
		c.got.Kind = initrec.OutputOther
		return nil
	}
	if !c.count {
		if err := c.record.RemoveAll(to); err != nil {
			return err
		}
	}
	return c.entry(from, to, info, 0)
}

func (c *copier) entry(from, to string, info fs.FileInfo, depth int) error {
	switch info.Mode().Type() {
	case 0:
		return c.file(from, to, info)
	case fs.ModeDir:
		return c.folder(from, to, info, depth)
	case fs.ModeSymlink:
		return c.symlink(from, to)
	}
	c.got.Skipped++
	return nil
}

func (c *copier) folder(from, to string, info fs.FileInfo, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("%s is more than %d folders deep", from, maxDepth)
	}
	if !c.count {
		if err := c.record.Mkdir(to, 0o700); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		if err := c.entry(path.Join(from, e.Name()), path.Join(to, e.Name()), info, depth+1); err != nil {
			return err
		}
	}
	if c.count {
		return nil
	}
	// Last, since what is put into a folder changes its time, and its mode
	// may forbid to.
	if err := c.record.Chmod(to, info.Mode().Perm()); err != nil {
		return err
	}
	return c.record.Chtimes(to, info.ModTime(), info.ModTime())
}

func (c *copier) symlink(from, to string) error {
	if c.count {
		return nil
	}
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	return c.record.Symlink(target, to)
}

func (c *copier) file(from, to string, info fs.FileInfo) error {
	c.got.Files++
	c.got.Bytes += info.Size()
	if c.count {
		return nil
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
		id := [2]uint64{stat.Dev, stat.Ino}
		if first, ok := c.links[id]; ok {
			return c.record.Link(first, to)
		}
		c.links[id] = to
	}
	src, err := os.OpenFile(from, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := c.record.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer dst.Close()
	// Between two files this is copy_file_range, in the kernel.
	if _, err := io.Copy(dst, src); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if err := dst.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if err := dst.Close(); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return c.record.Chtimes(to, info.ModTime(), info.ModTime())
}
