package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// EachArtifact visits what a run made: every file at the top of the outputs
// "bin" and "crates" of any step. The visitor closes the file.
func EachArtifact(results []plan.Result, visit func(step, name string, content *os.File) error) error {
	for _, r := range results {
		if r.Dir == "" || !r.Status.OK() {
			continue
		}
		for _, output := range []string{"bin", "crates"} {
			entries, err := ListLeft(r.Dir, "outputs", output)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("artifacts of %s: %w", r.Step, err)
			}
			for _, entry := range entries {
				if !entry.Type().IsRegular() || output == "crates" && !strings.HasSuffix(entry.Name(), ".crate") {
					continue
				}
				file, err := OpenLeft(r.Dir, "outputs", output, entry.Name())
				if err == nil {
					err = visit(r.Step, entry.Name(), file)
				}
				if err != nil {
					return fmt.Errorf("artifacts of %s: %w", r.Step, err)
				}
			}
		}
	}
	return nil
}

// ExportArtifacts copies what the run made to a folder of its own, which is
// cleared before.
func ExportArtifacts(results []plan.Result, dir string) ([]report.Artifact, error) {
	out := []report.Artifact{}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear the artifacts of an earlier run: %w", err)
	}
	err := EachArtifact(results, func(_, name string, content *os.File) error {
		art, err := exportArtifact(content, filepath.Join(dir, name))
		out = append(out, art)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export the %w", err)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

func exportArtifact(from *os.File, to string) (report.Artifact, error) {
	if err := CopyTo(from, to); err != nil {
		return report.Artifact{}, err
	}
	sum, n, err := FileDigest(to)
	return report.Artifact{Name: filepath.Base(to), Path: to, SHA256: sum, Bytes: n}, err
}

// FileDigest is the SHA-256 of a file in hex, and its length.
func FileDigest(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), n, err
}
