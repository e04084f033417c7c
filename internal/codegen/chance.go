package codegen

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"

	"golang.org/x/mod/sumdb/dirhash"
)

// chance is what get_random() draws from. It starts afresh for each document,
// so that what one template draws never shifts what another gets.
type chance struct {
	inputs string
	pcg    *rand.PCG
	rand   *rand.Rand
}

func newChance(inputs string) *chance {
	pcg := rand.NewPCG(0, 0)
	return &chance{inputs: inputs, pcg: pcg, rand: rand.New(pcg)}
}

// reseed begins a document: from the inputs' digest, or from the document's own
// seed where it has one.
func (c *chance) reseed(d *Document) {
	from := c.inputs
	if d.Front.Seed != nil {
		from = fmt.Sprintf("seed %d", *d.Front.Seed)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", from, d.File, d.Line))
	c.pcg.Seed(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16]))
}

// inputsDigest is a digest of all that a run depends on but the output folder.
func inputsDigest(req Request, files []string) (string, error) {
	templates, err := dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return openFile(req.Templates, name) })
	if err != nil {
		return "", fmt.Errorf("digest the templates: %w", err)
	}
	rest, err := json.Marshal(struct {
		Templates string
		Vars      map[string]any
		Env       map[string]string
		Epoch     int64
		Graph     string
	}{templates, req.Vars, req.Env, req.Epoch.Unix(), req.Graph.digest()})
	if err != nil {
		return "", fmt.Errorf("digest the variables: %w", err)
	}
	return digest(rest), nil
}

func openFile(fsys fs.FS, name string) (io.ReadCloser, error) { return fsys.Open(name) }
