package codegen

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
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
func inputsDigest(req Request) (string, error) {
	var layers []string
	for _, layer := range append([]Layer{{FS: req.Templates}}, req.Layers...) {
		files, err := listFiles(layer.FS)
		if err != nil {
			return "", err
		}
		sum, err := dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return layer.FS.Open(name) })
		if err != nil {
			return "", fmt.Errorf("digest the templates: %w", err)
		}
		layers = append(layers, layer.Name+" "+sum)
	}
	all, err := json.Marshal(struct {
		Layers  []string
		Vars    map[string]any
		Env     map[string]string
		Epoch   int64
		Graph   string
		Queries []GraphDocument
		Dialect string
		Project string
	}{layers, req.Vars, req.Env, req.Epoch.Unix(), req.Graph.digest(), req.Queries, req.Dialect, req.project.digest()})
	if err != nil {
		return "", fmt.Errorf("digest the variables: %w", err)
	}
	return digest(all), nil
}
