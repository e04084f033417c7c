// Package provenance gathers what the signed statements of a run tell beside its
// report: who decided what, what went in, what the steps printed. It is plain
// data, so that the program that signs can be another than the one that ran.
package provenance

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/setup"
	"github.com/sixtyhq/sixty/stages/validation"
)

// ArtifactSteps are the steps that made artifacts.
func ArtifactSteps(results []plan.Result) ([]string, error) {
	var ids []string
	err := deploy.EachArtifact(results, func(step, _ string, content *os.File) error {
		if !slices.Contains(ids, step) {
			ids = append(ids, step)
		}
		return content.Close()
	})
	return ids, err
}

// Internals are the parameters that nobody chose, and what a later build of the
// same needs to know.
type Internals struct {
	// Source is the digest of the source as every step saw it, also where the
	// tree has no digest of its own.
	Source string `json:"source"`
	// Folder is the name of the source's folder.
	Folder string `json:"folder,omitempty"`
	// Steps are those that made artifacts, Artifacts the names of those, and
	// Surroundings what surrounded the first one.
	Steps        []string      `json:"steps,omitempty"`
	Artifacts    []string      `json:"artifacts,omitempty"`
	Surroundings *Surroundings `json:"surroundings,omitempty"`
	// Generation is the record of what was rendered, without its files.
	Generation *codegen.Record `json:"generation,omitempty"`
}

func (e run) internals(r report.Report) (Internals, error) {
	in := Internals{Source: e.Tree.Digest, Folder: filepath.Base(e.Crate.Dir)}
	for _, art := range r.Artifacts {
		in.Artifacts = append(in.Artifacts, art.Name)
	}
	var err error
	if in.Steps, err = ArtifactSteps(e.Results); err != nil {
		return Internals{}, err
	}
	if len(in.Steps) > 0 {
		if s, ok := SurroundingsOf(e.Graph, e.Results, in.Steps[0]); ok {
			in.Surroundings = &s
		}
	}
	if e.Made != nil {
		record := e.Made.Plan.Record
		record.Files = map[string]codegen.RecordedFile{}
		in.Generation = &record
	}
	return in, nil
}

// parameters is what the caller of the run decided.
func (e run) parameters(r report.Report) (_ Parameters, err error) {
	out := Parameters{Pipeline: Pipeline(e.Config), Level: r.Level, Variables: map[string]any{}}
	if r.Template != nil {
		pack, err := packResource(r.Template.ID, r.Template.Version, r.Template.Digest, r.Template.Source)
		if err != nil {
			return out, fmt.Errorf("state the provenance: %w", err)
		}
		out.Pack = &pack
	}
	if e.Made != nil {
		if out.PackVariables, err = packVariables(e.Made.Recorded); err != nil {
			return out, err
		}
		at := e.Made.Epoch.Unix()
		out.SensitivePackVariables, out.TemplateTime = e.Made.Sensitive, &at
	}
	out.SourceDateEpoch = e.Input.Epoch
	if out.SourceDateEpoch == 0 {
		out.SourceDateEpoch = setup.DefaultEpoch
	}
	values := e.Pipeline.Context.Variables["var"]
	for _, v := range e.Config.Variables {
		if !values.Type().HasAttribute(v.Name) {
			return out, fmt.Errorf("state the provenance: variable %q has no value", v.Name)
		}
		plain, marks := values.GetAttr(v.Name).UnmarkDeep()
		if v.Sensitive || len(marks) > 0 {
			if !plain.IsNull() {
				out.SensitiveVariables = append(out.SensitiveVariables, v.Name)
			}
			continue
		}
		if out.Variables[v.Name], err = jsonValue(plain); err != nil {
			return out, fmt.Errorf("state the provenance: variable %q: %w", v.Name, err)
		}
	}
	sort.Strings(out.SensitiveVariables)
	return out, nil
}

// packVariables are the recorded values of a pack's variables.
func packVariables(recorded map[string]json.RawMessage) (map[string]any, error) {
	out := map[string]any{}
	for name, text := range recorded {
		v, err := decodeJSON(text)
		if err != nil {
			return nil, fmt.Errorf("state the provenance: variable %q of the pack: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

// packResource is a pack by content, whose digest is a dirHash in go.sum's
// spelling.
func packResource(id, version, digest, source string) (Resource, error) {
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(digest, "h1:"))
	if err != nil || len(sum) != sha256.Size {
		return Resource{}, fmt.Errorf("the digest of pack %s is %q", id, digest)
	}
	return Resource{Name: id + "@" + version, Annotations: map[string]any{"source": source},
		Digest: map[string]string{dirHash: hex.EncodeToString(sum)}}, nil
}

// jsonValue is a value as it stands in JSON. A number that JSON's readers do not
// all read alike (RFC 7493, section 2.2) becomes its digits as a string.
func jsonValue(v cty.Value) (any, error) {
	text, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return decodeJSON(text)
}

func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	return safeNumbers(out), nil
}

func safeNumbers(v any) any {
	const limit = 1 << 53
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err != nil || f >= limit || f <= -limit {
			return v.String()
		}
	case []any:
		for i := range v {
			v[i] = safeNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = safeNumbers(v[name])
		}
	}
	return v
}

// Pipeline is the pipeline by content; several files have the dirHash
// of their names and contents.
func Pipeline(cfg *config.Config) *Resource {
	var names []string
	for name := range cfg.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) == 1 {
		r := resourceOf(filepath.Base(names[0]), cfg.Files[names[0]].Bytes)
		return &r
	}
	var lines strings.Builder
	for _, name := range names {
		shown := filepath.Base(name)
		if below, err := filepath.Rel(cfg.Dir, name); err == nil {
			shown = filepath.ToSlash(below) // a module's files lie in folders
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(cfg.Files[name].Bytes), shown)
	}
	return &Resource{Name: filepath.Base(cfg.Dir), Digest: map[string]string{dirHash: fmt.Sprintf("%x", sha256.Sum256([]byte(lines.String())))}}
}

// others are the pack, what it depends on and has asked, and the advisory
// database.
func (e run) others(pack *Resource) ([]Resource, error) {
	var out []Resource
	if pack != nil {
		out = append(out, *pack)
		for _, d := range e.Template.Dependencies {
			r, err := packResource(d.ID, d.Version, d.Digest, d.Source)
			if err != nil {
				return nil, fmt.Errorf("state the provenance: %w", err)
			}
			out = append(out, r)
		}
		for _, a := range e.Template.Answers {
			out = append(out, Resource{Name: "answer of a SPARQL endpoint", URI: a.Endpoint,
				Digest: map[string]string{"sha256": a.SHA256}, Annotations: map[string]any{"query": a.Query}})
		}
	}
	steps := e.Graph.ByID()
	for _, res := range e.Results {
		step := steps[res.Step]
		if step.Runner != validation.AuditRunner || !res.Status.Ran() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(res.Dir, validation.ReportFile))
		if err != nil {
			return nil, fmt.Errorf("state the provenance: %w", err)
		}
		var audit advisory.Report
		if err := json.Unmarshal(text, &audit); err != nil {
			return nil, fmt.Errorf("state the provenance: read the audit's report: %w", err)
		}
		algorithm := "sha256"
		if audit.Revision.Kind == "git" {
			algorithm = "gitCommit"
		}
		out = append(out, Resource{Name: "advisory database", Digest: map[string]string{algorithm: audit.Revision.ID}})
	}
	return out, nil
}

// logs are the digests of what the steps printed.
func (e run) logs() ([]Resource, error) {
	var out []Resource
	for _, res := range e.Results {
		logs, err := deploy.Logs(res)
		if err != nil {
			return nil, err
		}
		for _, l := range logs {
			r, err := resourceIn("logs/"+l.Name, filepath.Join(res.Dir, l.Left))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// resourceOf is content that is in memory.
func resourceOf(name string, content []byte) Resource {
	return Resource{Name: name, Digest: map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(content))}}
}

// resourceIn is the content of a file.
func resourceIn(name, path string) (Resource, error) {
	sum, _, err := deploy.FileDigest(path)
	if err != nil {
		return Resource{}, err
	}
	return Resource{Name: name, Digest: map[string]string{"sha256": sum}}, nil
}
