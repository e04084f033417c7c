// Package vendor unpacks .crate archives into a vendor directory as cargo's
// directory sources want it. It needs the standard library alone, so a small
// static program can use it inside of a container.
//
// Archives are hostile: every path stays below its own folder, links and
// devices are refused, and sizes and counts are bounded.
//
// Source of the layout:
// https://doc.rust-lang.org/cargo/reference/source-replacement.html#directory-sources
package vendor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Limits bound what one archive may unpack to.
type Limits struct {
	// ArchiveBytes is the size of the archive itself.
	ArchiveBytes int64
	// UnpackedBytes is the size of all files of one archive.
	UnpackedBytes int64
	// Entries is the number of files and folders of one archive.
	Entries int
	// Archives is the number of archives that Unpack takes.
	Archives int
}

// DefaultLimits fit every crate of crates.io: its own limits are 10 MiB for an
// archive unless raised by hand, and cargo's is 512 MiB unpacked.
func DefaultLimits() Limits {
	return Limits{
		ArchiveBytes:  128 << 20,
		UnpackedBytes: 512 << 20,
		Entries:       100_000,
		Archives:      20_000,
	}
}

// fileTime is the modification time of everything that is unpacked, so that the
// same crates give the same layer. It is the one that `cargo package` writes,
// and not zero, which would make cargo run build scripts again.
var fileTime = time.Unix(1153704088, 0)

// checksumFile is what makes a folder a package of a directory source.
const checksumFile = ".cargo-checksum.json"

// Unpack unpacks every archive of the folder crates, each named
// <name>-<version>.crate, to out/<name>-<version>. The folder may hold nothing
// else. It reports every archive that could not be unpacked, and leaves no part
// of it behind.
func Unpack(crates, out string, limits Limits) error {
	entries, err := os.ReadDir(crates)
	if err != nil {
		return fmt.Errorf("read the folder of crates: %w", err)
	}
	if len(entries) > limits.Archives {
		return fmt.Errorf("%s holds %d archives, more than the limit of %d", crates, len(entries), limits.Archives)
	}
	in, err := os.OpenRoot(crates)
	if err != nil {
		return fmt.Errorf("open the folder of crates: %w", err)
	}
	defer in.Close()
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make the vendor directory: %w", err)
	}
	root, err := os.OpenRoot(out)
	if err != nil {
		return fmt.Errorf("open the vendor directory: %w", err)
	}
	defer root.Close()

	errs := make([]error, len(entries))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, e := range entries {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = unpackFile(in, e, root, limits)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return root.Chtimes(".", fileTime, fileTime)
}

func unpackFile(in *os.Root, e fs.DirEntry, root *os.Root, limits Limits) error {
	stem, ok := strings.CutSuffix(e.Name(), ".crate")
	if !ok {
		return fmt.Errorf("%s: not a crate archive: the name does not end in .crate", e.Name())
	}
	f, err := in.Open(e.Name())
	if err != nil {
		return fmt.Errorf("%s: %w", e.Name(), err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w", e.Name(), err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", e.Name())
	}
	return UnpackArchive(f, stem, root, limits)
}

// UnpackArchive unpacks one archive to the folder stem (<name>-<version>) of
// root, which must not exist. Everything in the archive must lie in a folder of
// that name, as `cargo package` writes it. The checksum that cargo later
// compares with Cargo.lock is taken from the bytes that were read.
func UnpackArchive(archive io.Reader, stem string, root *os.Root, limits Limits) (err error) {
	if !validStem(stem) {
		return fmt.Errorf("%q is not the name and version of a crate", stem)
	}
	if err := root.Mkdir(stem, 0o755); err != nil {
		return fmt.Errorf("%s: %w", stem, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s.crate: %w", stem, err), root.RemoveAll(stem))
		}
	}()
	dir, err := root.OpenRoot(stem)
	if err != nil {
		return err
	}
	defer dir.Close()

	u := unpacker{root: dir, dirs: map[string]bool{}}
	sum, err := walk(archive, stem, limits, u.entry)
	if err != nil {
		return err
	}
	if _, err := dir.Lstat("Cargo.toml"); err != nil {
		return errors.New("not a crate: there is no Cargo.toml in it")
	}
	checksum := `{"files":{},"package":"` + sum + `"}`
	if err := u.file(checksumFile, 0o644, strings.NewReader(checksum)); err != nil {
		return err
	}
	return u.finish()
}

// unpacker writes the entries of one archive.
type unpacker struct {
	root *os.Root
	dirs map[string]bool
}

func (u *unpacker) entry(e entry, r io.Reader) error {
	if e.dir {
		return u.dir(e.name)
	}
	return u.file(e.name, e.mode, r)
}

func (u *unpacker) dir(name string) error {
	if name == "." || u.dirs[name] {
		return nil
	}
	if err := u.root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	for d := name; d != "."; d = path.Dir(d) {
		u.dirs[d] = true
	}
	return nil
}

func (u *unpacker) file(name string, mode fs.FileMode, r io.Reader) error {
	if err := u.dir(path.Dir(name)); err != nil {
		return err
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	// The umask, or an earlier entry of the same name, may say otherwise.
	if err := u.root.Chmod(name, mode); err != nil {
		return err
	}
	return u.root.Chtimes(name, fileTime, fileTime)
}

// finish sets the folders' times, which each write inside has changed.
func (u *unpacker) finish() error {
	for d := range u.dirs {
		if err := u.root.Chmod(d, 0o755); err != nil {
			return err
		}
		if err := u.root.Chtimes(d, fileTime, fileTime); err != nil {
			return err
		}
	}
	return errors.Join(u.root.Chmod(".", 0o755), u.root.Chtimes(".", fileTime, fileTime))
}

// validStem accepts what can be <name>-<version> and so is one path element.
func validStem(stem string) bool {
	name, version, ok := strings.Cut(stem, "-")
	return ok && name != "" && version != "" && len(stem) < 200 && !strings.ContainsFunc(stem, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && r != '+' &&
			(r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) && stem[0] != '.'
}
