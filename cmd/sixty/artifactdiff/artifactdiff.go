// Package artifactdiff says where two artifacts that should be the same are
// not: an entry of an archive, a section of a program, a byte.
//
// The artifacts are hostile: nothing in them is run or unpacked to disk, and
// what is read and said of them is bounded.
package artifactdiff

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// maxUnpacked bounds how much of an archive is unpacked, in bytes.
	maxUnpacked = 512 << 20
	// maxEntries bounds how many of its entries are compared.
	maxEntries = 100_000
	// maxShown bounds the text of a finding, in bytes.
	maxShown = 4 << 10
	// patience is how long diffoscope may take.
	patience = time.Minute
)

// Where says in words where the second file differs from the first. It asks
// diffoscope where that is installed, and else compares archives by entry,
// ELF files by section, and all others byte by byte. Empty means that they
// are the same.
func Where(ctx context.Context, first, second string) (string, error) {
	a, err := os.Open(first)
	if err != nil {
		return "", err
	}
	defer a.Close()
	b, err := os.Open(second)
	if err != nil {
		return "", err
	}
	defer b.Close()
	at, err := firstDifference(a, b)
	if err != nil || at < 0 {
		return "", err
	}
	if text, ok := diffoscope(ctx, first, second); ok {
		return text, nil
	}
	for _, look := range []func(a, b *os.File) (string, bool){entries, sections} {
		if text, ok := look(a, b); ok {
			return clip(text), nil
		}
	}
	return bytesAt(a, b, at), nil
}

// diffoscope runs the program of that name, https://diffoscope.org, which knows
// more formats than this package does.
func diffoscope(ctx context.Context, first, second string) (string, bool) {
	program, err := exec.LookPath("diffoscope")
	if err != nil {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--no-progress", fmt.Sprintf("--max-text-report-size=%d", maxShown), "--text", "-", "--", first, second)
	out := &bounded{limit: maxShown}
	cmd.Stdout = out
	cmd.WaitDelay = time.Second
	// It ends with 1 where it finds a difference.
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) || out.text.Len() == 0 {
		return "", false
	}
	return clip("diffoscope:\n" + out.text.String()), true
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	text  bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - b.text.Len(); room > 0 {
		b.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func clip(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "?"))
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// firstDifference is the offset of the first byte that is not the same in both,
// or at which one of them ends; negative when there is none.
func firstDifference(a, b io.ReaderAt) (int64, error) {
	ra := bufio.NewReaderSize(io.NewSectionReader(a, 0, 1<<62), 1<<16)
	rb := bufio.NewReaderSize(io.NewSectionReader(b, 0, 1<<62), 1<<16)
	for at := int64(0); ; at++ {
		x, errA := ra.ReadByte()
		y, errB := rb.ReadByte()
		switch {
		case errA == io.EOF && errB == io.EOF:
			return -1, nil
		case errA == io.EOF || errB == io.EOF:
			return at, nil
		case errA != nil || errB != nil:
			return 0, errors.Join(errA, errB)
		case x != y:
			return at, nil
		}
	}
}

func bytesAt(a, b io.ReaderAt, at int64) string {
	return fmt.Sprintf("byte %d: %s, and %s", at, around(a, at), around(b, at))
}

// around shows up to 16 bytes from an offset on.
func around(r io.ReaderAt, at int64) string {
	buf := make([]byte, 16)
	n, _ := r.ReadAt(buf, at) // what can't be read is the file's end
	if n == 0 {
		return "the end of the file"
	}
	return fmt.Sprintf("%x (%q)", buf[:n], buf[:n])
}

// entries compares two gzipped tar archives, which .crate files are.
func entries(a, b *os.File) (string, bool) {
	first, okA := tarReader(a)
	second, okB := tarReader(b)
	if !okA || !okB {
		return "", false
	}
	for range maxEntries {
		x, errA := first.Next()
		y, errB := second.Next()
		switch {
		case errA == io.EOF && errB == io.EOF:
			return "the archives hold the same entries and are compressed otherwise", true
		case errA == io.EOF:
			return fmt.Sprintf("entry %q is in the second archive alone", y.Name), true
		case errB == io.EOF:
			return fmt.Sprintf("entry %q is in the first archive alone", x.Name), true
		case errA != nil || errB != nil:
			return "", false
		}
		if text := header(x, y); text != "" {
			return text, true
		}
		at, err := firstDifference(&sequential{r: first}, &sequential{r: second})
		if err != nil {
			return "", false
		}
		if at >= 0 {
			return fmt.Sprintf("entry %q differs at byte %d", x.Name, at), true
		}
	}
	return "", false
}

func tarReader(f *os.File) (*tar.Reader, bool) {
	z, err := gzip.NewReader(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return nil, false
	}
	return tar.NewReader(io.LimitReader(z, maxUnpacked)), true
}

func header(x, y *tar.Header) string {
	switch {
	case x.Name != y.Name:
		return fmt.Sprintf("entry %q stands where the second archive has %q", x.Name, y.Name)
	case x.Typeflag != y.Typeflag || x.Linkname != y.Linkname:
		return fmt.Sprintf("entry %q is of another kind, or links elsewhere", x.Name)
	case x.Mode != y.Mode:
		return fmt.Sprintf("entry %q has mode %o, and %o", x.Name, x.Mode, y.Mode)
	case !x.ModTime.Equal(y.ModTime):
		return fmt.Sprintf("entry %q has time %s, and %s", x.Name, x.ModTime.UTC().Format(time.RFC3339), y.ModTime.UTC().Format(time.RFC3339))
	case x.Uid != y.Uid || x.Gid != y.Gid || x.Uname != y.Uname || x.Gname != y.Gname:
		return fmt.Sprintf("entry %q has another owner", x.Name)
	}
	return ""
}

// sequential is an io.ReaderAt for a reader that is read once, from its start.
type sequential struct{ r io.Reader }

func (s *sequential) ReadAt(p []byte, _ int64) (int, error) { return s.r.Read(p) }

// sections compares two ELF files by their sections' bytes.
func sections(a, b *os.File) (string, bool) {
	first, errA := elf.NewFile(a)
	second, errB := elf.NewFile(b)
	if errA != nil || errB != nil {
		return "", false
	}
	var differ []string
	if len(first.Sections) != len(second.Sections) {
		differ = append(differ, fmt.Sprintf("%d sections, and %d", len(first.Sections), len(second.Sections)))
	}
	for i := range min(len(first.Sections), len(second.Sections)) {
		x, y := first.Sections[i], second.Sections[i]
		if x.Name != y.Name {
			return fmt.Sprintf("section %q stands where the second file has %q", x.Name, y.Name), true
		}
		if x.Type == elf.SHT_NOBITS {
			continue
		}
		from := io.NewSectionReader(a, int64(x.Offset), int64(x.FileSize))
		to := io.NewSectionReader(b, int64(y.Offset), int64(y.FileSize))
		at, err := firstDifference(from, to)
		if err != nil {
			return "", false
		}
		if at >= 0 {
			differ = append(differ, fmt.Sprintf("section %s at byte %d of it: %s, and %s", x.Name, at, around(from, at), around(to, at)))
		}
	}
	if len(differ) == 0 {
		return "", false
	}
	return strings.Join(differ, "\n"), true
}
