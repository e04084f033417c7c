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
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
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

	hash := sha256.New()
	raw := io.TeeReader(&boundedReader{r: archive, left: limits.ArchiveBytes, what: "archive"}, hash)
	u := unpacker{root: dir, stem: stem, limits: limits, dirs: map[string]bool{}}
	if err := u.archive(raw); err != nil {
		return err
	}
	if _, err := dir.Lstat("Cargo.toml"); err != nil {
		return errors.New("not a crate: there is no Cargo.toml in it")
	}
	checksum := `{"files":{},"package":"` + hex.EncodeToString(hash.Sum(nil)) + `"}`
	if err := u.file(checksumFile, 0o644, strings.NewReader(checksum)); err != nil {
		return err
	}
	return u.finish()
}

type unpacker struct {
	root   *os.Root
	stem   string
	limits Limits
	dirs   map[string]bool
}

func (u *unpacker) archive(raw io.Reader) error {
	gz, err := gzip.NewReader(raw)
	if err != nil {
		return fmt.Errorf("not a gzip archive: %w", err)
	}
	// The bound covers tar headers and padding as well as files.
	unpacked := &boundedReader{r: gz, left: u.limits.UnpackedBytes, what: "unpacked crate"}
	tr := tar.NewReader(unpacked)
	var total int64
	for entries := 0; ; entries++ {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("not a tar archive, or a damaged one: %w", err)
		}
		if entries >= u.limits.Entries {
			return fmt.Errorf("more than the limit of %d entries", u.limits.Entries)
		}
		// A sparse file is larger than what was read for it.
		if total += h.Size; total > u.limits.UnpackedBytes || h.Size > u.limits.UnpackedBytes {
			return fmt.Errorf("unpacked crate: more than the limit of %d bytes", u.limits.UnpackedBytes)
		}
		if err := u.entry(h, tr); err != nil {
			return err
		}
	}
	// The checksum is over the whole file, so read what follows the archive.
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return fmt.Errorf("after the end of the archive: %w", err)
	}
	_, err = io.Copy(io.Discard, raw)
	return err
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeReg, tar.TypeDir:
	default:
		return fmt.Errorf("entry %q is a link or a device; a crate holds files and folders only", h.Name)
	}
	name, err := u.inside(h.Name)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return u.dir(name)
	}
	if name == "." {
		return fmt.Errorf("entry %q is a file where the crate's folder must be", h.Name)
	}
	mode := fs.FileMode(0o644)
	if h.Mode&0o111 != 0 {
		mode = 0o755
	}
	return u.file(name, mode, r)
}

// inside gives the path below the crate's own folder.
func (u *unpacker) inside(name string) (string, error) {
	if strings.ContainsAny(name, "\\\x00") {
		return "", fmt.Errorf("entry %q has a backslash or a zero byte in its name", name)
	}
	clean := strings.TrimSuffix(name, "/")
	top, rest, _ := strings.Cut(clean, "/")
	if !fs.ValidPath(clean) || top != u.stem {
		return "", fmt.Errorf("entry %q does not lie in the folder %s", name, u.stem)
	}
	if rest == "" {
		return ".", nil
	}
	return rest, nil
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

// boundedReader fails, rather than ends, when there is more than it allows.
type boundedReader struct {
	r    io.Reader
	left int64
	what string
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("%s: larger than the limit", b.what)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%s: larger than the limit", b.what)
	}
	return n, err
}
