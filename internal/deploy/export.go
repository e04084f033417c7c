package deploy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/plan"
)

// ExportLogs copies what each step printed to dir, STEP.log.
func ExportLogs(results []plan.Result, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("export the logs: %w", err)
	}
	for _, r := range results {
		if r.Dir == "" {
			continue
		}
		to := filepath.Join(dir, r.Step+".log")
		log, err := OpenLeft(r.Dir, "log")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			err = os.WriteFile(to, []byte("sixty: this log could not be read: "+err.Error()+"\n"), 0o644)
		default:
			err = CopyTo(log, to)
		}
		if err != nil {
			return fmt.Errorf("export the log of %s: %w", r.Step, err)
		}
	}
	return nil
}

// CopyTo copies a file with its mode and closes it.
func CopyTo(src *os.File, to string) error {
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, st.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// maxShownLog bounds how much of a log is read to show its end, in bytes.
const maxShownLog = 1 << 20

// LogTail is the last lines of a step's log as its tool would show them,
// indented, with a line break before; empty when there is no log.
func LogTail(dir string, lines int) string {
	f, err := OpenLeft(dir, "log")
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > maxShownLog {
		if _, err := f.Seek(-maxShownLog, io.SeekEnd); err != nil {
			return ""
		}
	}
	b, err := io.ReadAll(f)
	if err != nil || len(b) == 0 {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(cargo.Readable(b)), "\n"), "\n")
	if len(all) > lines {
		all = append([]string{"…"}, all[len(all)-lines:]...)
	}
	return "\n    " + strings.Join(all, "\n    ")
}
