package codegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sixtyhq/sixty/internal/remote"
)

// Dir is the folder, at the root of an output folder, that sixty keeps for
// itself. Sources that are built, tested or packaged leave it out: cargo does
// not package dot files outside a git repository, and inside one a crate lists
// "/.sixty" in its package.exclude.
const Dir = ".sixty"

// RecordPath is where [Plan.Apply] keeps the [Record], in the output folder. It
// belongs under version control: it is how a later run, on any machine, tells
// what was generated from what was written by hand.
const RecordPath = Dir + "/generated.json"

const (
	recordVersion = 1
	maxRecordSize = 16 << 20
)

// Record is what a run generated.
type Record struct {
	Version int `json:"version"`
	// Pack is the pack that was rendered, if it was one.
	Pack *PackRef `json:"pack,omitempty"`
	// Variables are the values given to the pack, as JSON. Sensitive ones are
	// left out.
	Variables map[string]json.RawMessage `json:"variables,omitempty"`
	// Env is the environment that the templates were given.
	Env map[string]string `json:"env,omitempty"`
	// Epoch is the time, in seconds since 1970, that the templates were given,
	// if any of them asked for it.
	Epoch *int64 `json:"epoch,omitempty"`
	// Dependencies are the packs that it depends on and that were rendered with
	// it, in that order.
	Dependencies []RecordedPack `json:"dependencies,omitempty"`
	// Answers are what SPARQL endpoints answered: inputs beside the pack and the
	// values.
	Answers []remote.Answer `json:"answers,omitempty"`
	// Files are the generated files by path.
	Files map[string]RecordedFile `json:"files"`
}

// RecordedPack is a pack that was rendered because another depends on it.
type RecordedPack struct {
	PackRef
	// Variables are the values, as JSON, that the caller or a default gave it;
	// not those that the other pack passes on, and no sensitive ones.
	Variables map[string]json.RawMessage `json:"variables,omitempty"`
}

// PackRef names a pack and pins what it held.
type PackRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Source  string `json:"source"`
	Digest  string `json:"digest"` // of the whole content, see market.Digest
	// Pipeline is the path in the pack of the pipeline that it brings, which runs
	// where the output folder has none of its own. Only the rendered pack has one,
	// not those that it depends on.
	Pipeline string `json:"pipeline,omitempty"`
}

// RecordedFile is one generated file.
type RecordedFile struct {
	// SHA256 is the digest of the file as it was generated, or of the injected
	// lines when Injected is set.
	SHA256   string `json:"sha256"`
	Injected bool   `json:"injected,omitempty"`
	Template string `json:"template"`
}

// ReadRecord reads the record of an output folder. Without one it gives a zero
// Record.
func ReadRecord(output fs.FS) (Record, error) {
	data, err := readFile(output, RecordPath, maxRecordSize)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("read the record of generated files: %w", err)
	}
	var r Record
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("read %s: %w", RecordPath, err)
	}
	if r.Version != recordVersion {
		return Record{}, fmt.Errorf("%s has version %d, this sixty reads version %d", RecordPath, r.Version, recordVersion)
	}
	return r, nil
}

func (r Record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the record of generated files: %w", err)
	}
	return append(data, '\n'), nil
}
