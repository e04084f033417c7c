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
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// ExportLogs copies what each step and its services printed to dir, STEP.log and
// STEP/SERVICE.log.
func ExportLogs(results []plan.Result, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("export the logs: %w", err)
	}
	for _, r := range results {
		logs, err := Logs(r)
		if err != nil {
			return fmt.Errorf("export the logs of %s: %w", r.Step, err)
		}
		for _, l := range logs {
			if err := exportLog(r.Dir, l.Left, filepath.Join(dir, l.Name)); err != nil {
				return fmt.Errorf("export the log %s: %w", l.Name, err)
			}
		}
	}
	return nil
}

// Log is a log that a step has left.
type Log struct {
	// Name is the file that it is exported as.
	Name string
	// Left is the file in the folder of the step's result.
	Left string
}

// Logs are a step's log and those of its services, in the order of their names.
func Logs(r plan.Result) ([]Log, error) {
	if r.Dir == "" {
		return nil, nil
	}
	logs := []Log{{r.Step + ".log", initrec.LogFile}}
	entries, err := ListLeft(r.Dir, initrec.ServicesDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if service, ok := strings.CutSuffix(e.Name(), ".log"); ok && service != "" && e.Type().IsRegular() {
			logs = append(logs, Log{r.Step + "/" + e.Name(), initrec.ServiceLog(service)})
		}
	}
	return logs, nil
}

func exportLog(from, left, to string) error {
	log, err := OpenLeft(from, left)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		return CopyTo(log, to)
	}
	text := "sixty: this log could not be read: " + err.Error() + "\n"
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(text), 0o644))
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
func LogTail(dir string, lines int) string { return FileTail(dir, initrec.LogFile, lines) }

// FileTail is LogTail for another file of the folder.
func FileTail(dir, name string, lines int) string {
	f, err := OpenLeft(dir, name)
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
