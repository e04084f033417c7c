package provenance

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/report"
)

// Record is what a run's provenance and bills of materials are made of.
type Record struct {
	// Engine is the name and version of what ran the steps.
	Engine     string     `json:"engine"`
	Started    time.Time  `json:"started"`
	Parameters Parameters `json:"parameters"`
	Internal   Internals  `json:"internal"`
	// Images are the images of the steps.
	Images []Resource `json:"images,omitempty"`
	// Crates are those of the lockfile, and Root is the index of the one that
	// was judged.
	Crates []Crate `json:"crates"`
	Root   int     `json:"root"`
	// Others are the packs, answers of endpoints and the advisory database.
	Others []Resource `json:"others,omitempty"`
	// Logs are what the steps printed.
	Logs []Resource `json:"logs,omitempty"`
}

// Resource is something by content: a ResourceDescriptor of the in-toto
// attestation framework.
type Resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// dirHash names the digest of a tree's file names and contents.
const dirHash = "dirHash"

// Crate is a package of the lockfile.
type Crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Checksum is the SHA-256 of the archive in hex, and Source where it comes
	// from in the lockfile's words; both are empty for a local crate.
	Checksum string `json:"checksum,omitempty"`
	Source   string `json:"source,omitempty"`
	// Dependencies are indexes into the record's crates.
	Dependencies []int `json:"dependencies,omitempty"`
}

// Parameters are what the caller of a run decided, in the form of the external
// parameters of the provenance.
type Parameters struct {
	Pipeline               *Resource      `json:"pipeline,omitempty"`
	Pack                   *Resource      `json:"pack,omitempty"`
	Variables              map[string]any `json:"variables,omitempty"`
	SensitiveVariables     []string       `json:"sensitiveVariables,omitempty"`
	PackVariables          map[string]any `json:"packVariables,omitempty"`
	SensitivePackVariables []string       `json:"sensitivePackVariables,omitempty"`
	TemplateTime           *int64         `json:"templateTime,omitempty"`
	SourceDateEpoch        int64          `json:"sourceDateEpoch,omitempty"`
	Level                  string         `json:"level,omitempty"`
}

// Of gathers the record of a run that is over. The report must be the run's.
func Of(r *deploy.Run, rep report.Report) (Record, error) {
	e := run{r}
	out := Record{Engine: e.Engine, Started: e.Started}
	var err error
	if out.Parameters, err = e.parameters(rep); err != nil {
		return Record{}, err
	}
	if out.Internal, err = e.internals(rep); err != nil {
		return Record{}, err
	}
	out.Crates, out.Root = e.crates()
	for _, i := range e.Graph.Images {
		out.Images = append(out.Images, Resource{Name: "image " + i.Name, URI: i.Ref, Digest: map[string]string{"sha256": strings.TrimPrefix(i.Digest, "sha256:")}})
	}
	if out.Others, err = e.others(out.Parameters.Pack); err != nil {
		return Record{}, err
	}
	if out.Logs, err = e.logs(); err != nil {
		return Record{}, err
	}
	return out, nil
}

// JSON is the record as whoever signs reads it.
func (r Record) JSON() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write the run's record: %w", err)
	}
	return text, nil
}

// run is a run as a source of what is recorded.
type run struct{ *deploy.Run }

// crates lists the packages of the lockfile, and which of them was judged.
func (e run) crates() ([]Crate, int) {
	var out []Crate
	for _, p := range e.Crate.Lock.Packages {
		c := Crate{Name: p.Name, Version: p.Version, Checksum: p.Checksum, Dependencies: p.Dependencies}
		if p.Source != nil {
			c.Source = p.Source.String()
		}
		out = append(out, c)
	}
	return withRoot(out, e.Crate)
}

// withRoot finds the crate that a bill is about. A workspace without a root
// package is in no lockfile; it gets an entry of its own that depends on every
// member, with the version that cargo gives what states none.
func withRoot(crates []Crate, c *crate.Crate) ([]Crate, int) {
	root := Crate{Name: c.Name, Version: c.Version}
	for i, one := range crates {
		if one.Source != "" {
			continue
		}
		if one.Name == c.Name && one.Version == c.Version {
			return crates, i
		}
		root.Dependencies = append(root.Dependencies, i)
	}
	if root.Version == "" {
		root.Version = "0.0.0"
	}
	return append(crates, root), len(crates)
}
