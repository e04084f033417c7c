package buildkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
)

// SealSuffix is added to the name of a results folder for that of its seal.
const SealSuffix = ".seal"

// seal says of a results folder which engine filled it, for which definitions,
// and with what. It lies beside the folder, where no step can write, and is
// there only for a step that passed. Together with the engine's provenance,
// which has the digest of each file, it makes the folder an answer that can be
// checked without the engine.
type seal struct {
	// Engine is the name and version of the engine.
	Engine string `json:"engine"`
	// Definitions are the digests of what was solved: the step's record, then
	// its volumes.
	Definitions []digest.Digest `json:"definitions"`
	// Provenance is the digest of the provenance in the folder.
	Provenance digest.Digest `json:"provenance"`
}

// maxSealed bounds a seal and a provenance, in bytes.
const maxSealed = 16 << 20

var errBroken = errors.New("the results are not what the engine left")

// heads are the digests of a step's definitions: what the engine itself knows
// their results by.
func heads(record *llb.Definition, volumes []*llb.Definition) ([]digest.Digest, error) {
	var out []digest.Digest
	for _, def := range append([]*llb.Definition{record}, volumes...) {
		head, err := def.Head()
		if err != nil {
			return nil, fmt.Errorf("digest what is to be solved: %w", err)
		}
		out = append(out, head)
	}
	return out, nil
}

// writeSeal seals the results in dir.
func writeSeal(dir, engine string, definitions []digest.Digest) error {
	provenance, err := readBounded(filepath.Join(dir, ProvenanceFile))
	if err != nil {
		return fmt.Errorf("seal the step's results: %w", err)
	}
	text, err := json.Marshal(seal{engine, definitions, digest.FromBytes(provenance)})
	if err != nil {
		return fmt.Errorf("seal the step's results: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(dir), "."+filepath.Base(dir)+SealSuffix+"-")
	if err != nil {
		return fmt.Errorf("seal the step's results: %w", err)
	}
	defer os.Remove(tmp.Name()) // it is not there any more when all goes well
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), dir+SealSuffix)
	}
	if err != nil {
		return fmt.Errorf("seal the step's results: %w", err)
	}
	return nil
}

func removeSeal(dir string) error {
	if err := os.Remove(dir + SealSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("break the seal of the step's results: %w", err)
	}
	return nil
}

// checkSeal returns nil when dir holds, to the byte, what an engine left when
// it solved these definitions.
func checkSeal(dir, engine string, definitions []digest.Digest) error {
	text, err := readBounded(dir + SealSuffix)
	if err != nil {
		return err
	}
	var s seal
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("read the seal of the step's results: %w", err)
	}
	if s.Engine != engine || !slices.Equal(s.Definitions, definitions) {
		return errBroken
	}
	provenance, err := readBounded(filepath.Join(dir, ProvenanceFile))
	if err != nil {
		return err
	}
	if digest.FromBytes(provenance) != s.Provenance {
		return errBroken
	}
	return checkFiles(dir, provenance)
}

// checkFiles compares the files below dir with the subjects of a provenance.
func checkFiles(dir string, provenance []byte) error {
	var p struct {
		Subject []struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(provenance, &p); err != nil {
		return fmt.Errorf("read the engine's provenance: %w", err)
	}
	want := make(map[string]string, len(p.Subject))
	for _, s := range p.Subject {
		want[filepath.FromSlash(s.Name)] = s.Digest["sha256"]
	}
	// A step may have left a file of that name, which the engine's own replaced.
	delete(want, ProvenanceFile)
	buffer := make([]byte, 64<<10)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == ProvenanceFile {
			return err
		}
		sum, err := fileSum(path, buffer)
		if err != nil {
			return err
		}
		if want[name] != sum {
			return errBroken
		}
		delete(want, name)
		return nil
	})
	if err == nil && len(want) > 0 {
		err = errBroken
	}
	return err
}

func fileSum(path string, buffer []byte) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, onlyReader{f}, buffer); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// onlyReader hides what else a file can do, so that a given buffer is used.
type onlyReader struct{ io.Reader }

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(f, maxSealed+1))
	if err == nil && n > maxSealed {
		err = fmt.Errorf("%s has more than %d bytes", path, maxSealed)
	}
	return b.Bytes(), err
}
