package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// hermetic is what is known of the steps as they were executed, from the record
// of sixty-init inside each container and from BuildKit's own provenance: each
// step had nothing but its loopback, no mount beside those that are named, no
// cache that outlives runs, and an image that is known by digest. nil means
// that it was not measured: no step ran in a container, or one left no record.
// Work of this process (rendering, the audit) runs no command and needs none.
func (e *executed) hermetic() *statement.Claim {
	claim := &statement.Claim{}
	var against []string
	for _, i := range e.Graph.Images {
		sum, ok := strings.CutPrefix(i.Digest, "sha256:")
		if !ok {
			against = append(against, fmt.Sprintf("image %s has no digest", i.Name))
			continue
		}
		claim.Evidence = append(claim.Evidence, statement.Resource{Name: "image " + i.Name, Digest: statement.Digest{"sha256": sum}})
	}
	ran := 0
	for _, res := range append(append([]plan.Result{}, e.Host...), e.Results...) {
		step, planned := e.Graph.Step(res.Step)
		inProcess := planned && step.Runner != "" || !planned && res.Key == ""
		if inProcess || res.Status == plan.StatusSkipped || res.Status == plan.StatusNotRun {
			continue
		}
		seen, err := see(e.Graph, step, res)
		if err != nil {
			return nil
		}
		ran++
		claim.Evidence = append(claim.Evidence, seen.evidence())
		against = append(against, seen.against()...)
	}
	if ran == 0 {
		return nil
	}
	claim.Holds, claim.Detail = len(against) == 0, strings.Join(against, "; ")
	return claim
}

// seen is one executed step: what was planned, and what was found.
type seen struct {
	step   plan.Step
	result plan.Result
	image  plan.Image
	record initrec.Record
	// sum is the digest of the record's file.
	sum string
	// engine is BuildKit's provenance; nil where it gave none, as for a step
	// that failed.
	engine *engineProvenance
}

// engineProvenance is what is used of the provenance that BuildKit states of a
// step and of everything that it was made from
// (https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md).
type engineProvenance struct {
	sum     string
	Subject []struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate struct {
		BuildDefinition struct {
			ResolvedDependencies []struct {
				Digest map[string]string `json:"digest"`
			} `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Metadata struct {
				Hermetic *bool `json:"buildkit_hermetic"`
			} `json:"metadata"`
		} `json:"runDetails"`
	} `json:"predicate"`
}

func see(g *plan.Graph, step plan.Step, res plan.Result) (seen, error) {
	s := seen{step: step, result: res}
	s.image, _ = g.Image(step.Image)
	path := filepath.Join(res.Dir, initrec.RecordFile)
	var err error
	if s.record, err = initrec.Read(path); err != nil {
		return s, err
	}
	if s.record.Mounts == nil || s.record.Network.Error != "" {
		return s, fmt.Errorf("step %s: the kernel did not say what it had", res.Step)
	}
	if s.sum, _, err = deploy.FileDigest(path); err != nil {
		return s, err
	}
	// A step that failed can have written such a file itself; where it passed,
	// the engine's own is the one that is left.
	if res.Status.OK() {
		s.engine, err = readProvenance(res.Dir)
	}
	return s, err
}

// maxProvenance bounds BuildKit's provenance of a step, in bytes.
const maxProvenance = 16 << 20

func readProvenance(dir string) (*engineProvenance, error) {
	f, err := deploy.OpenLeft(dir, buildkit.ProvenanceFile)
	if err != nil {
		return nil, nil // an engine that states none
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProvenance))
	if err != nil {
		return nil, fmt.Errorf("read the engine's provenance: %w", err)
	}
	var p engineProvenance
	if json.Unmarshal(text, &p) != nil || p.Predicate.RunDetails.Metadata.Hermetic == nil {
		return nil, nil // of an engine that writes another form
	}
	sum := sha256.Sum256(text)
	p.sum = hex.EncodeToString(sum[:])
	return &p, nil
}

// result is the dirHash of what the step left: logs, outputs and record.
func (p *engineProvenance) result() string {
	var lines []string
	for _, s := range p.Subject {
		lines = append(lines, s.Digest["sha256"]+"  "+s.Name+"\n")
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][64:] < lines[j][64:] })
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// evidence describes the step by the digest of its record.
func (s seen) evidence() statement.Resource {
	network := "loopback only"
	if !s.record.Network.LoopbackOnly {
		network = "the engine's"
	}
	notes := map[string]any{
		"key": s.result.Key, "network": network, "image": s.image.Digest,
		"mounts": s.mounts(), "environment": s.record.EnvNames,
	}
	if s.engine != nil {
		notes["result"] = statement.DirHash + ":" + s.engine.result()
		notes["engineProvenance"] = "sha256:" + s.engine.sum
	}
	return statement.Resource{Name: "step " + s.result.Step, Digest: statement.Digest{"sha256": s.sum}, Annotations: notes}
}

// mounts says of each planned mount where its content is from.
func (s seen) mounts() []string {
	out := []string{}
	for _, m := range s.step.Mounts {
		from := string(m.Source.Kind)
		switch m.Source.Kind {
		case plan.SourceBlob:
			from += " " + m.Source.Digest
		case plan.SourceFetch:
			from = fmt.Sprintf("%d files by SHA-256", len(m.Source.Files))
		case plan.SourceOutput:
			from += " " + m.Source.Output + " of " + m.Source.Step
		case plan.SourceEarlier:
			from = fmt.Sprintf("output %s of an earlier run, made of %s", m.Source.Output, madeOf(m.Source))
		case plan.SourceCache:
			from += " " + m.Source.Cache
		case plan.SourceSecret:
			from += " " + m.Source.Secret
		}
		out = append(out, m.Target+": "+from)
	}
	return out
}

// madeOf names what the steps of an earlier run had, by digest: each of them is
// known by nothing else.
func madeOf(s plan.Source) string {
	var out []string
	for _, step := range s.Earlier {
		for _, m := range step.Mounts {
			switch m.Source.Kind {
			case plan.SourceBlob:
				out = append(out, m.Source.Digest)
			case plan.SourceFetch:
				out = append(out, fmt.Sprintf("%d files by SHA-256", len(m.Source.Files)))
			}
		}
	}
	return strings.Join(out, ", ")
}

// enginesOwn are mounts that every container has: its root, sixty-init and its
// record, and names of hosts that lead nowhere without a network.
func enginesOwn(path string) bool {
	return path == "/" || path == "/etc/hosts" || path == "/etc/resolv.conf" || strings.HasPrefix(path, "/.sixty/")
}

// against is what keeps the step from being hermetic.
func (s seen) against() []string {
	var out []string
	say := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("step %s "+format, append([]any{s.result.Step}, args...)...))
	}
	if !s.record.Network.LoopbackOnly {
		say("had the network")
	}
	planned := map[string]bool{}
	for _, m := range s.step.Mounts {
		planned[m.Target] = true
		if m.Source.Kind == plan.SourceCache {
			say("had the cache %s", m.Source.Cache)
		}
	}
	for _, o := range s.step.Outputs {
		if o.Volume {
			planned[o.Path] = true
		}
	}
	for _, m := range s.record.Mounts {
		if s.step.ID != "" && !planned[m.Path] && !enginesOwn(m.Path) {
			say("had %s mounted, which its plan does not name", m.Path)
		}
	}
	if s.engine == nil {
		return out
	}
	if !*s.engine.Predicate.RunDetails.Metadata.Hermetic && s.record.Network.LoopbackOnly {
		say("was made from something that had the network, says the engine")
	}
	sum := strings.TrimPrefix(s.image.Digest, "sha256:")
	if s.image.Digest != "" && !slices.ContainsFunc(s.engine.Predicate.BuildDefinition.ResolvedDependencies, func(d struct {
		Digest map[string]string `json:"digest"`
	}) bool {
		return d.Digest["sha256"] == sum
	}) {
		say("ran on another image than %s, says the engine", s.image.Digest)
	}
	return out
}
