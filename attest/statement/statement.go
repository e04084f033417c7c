// Package statement builds and reads in-toto statements: who made what
// (SLSA provenance), what passed (test-result), what was decided (VSA) and the
// report of a run. It works on bytes and imports nothing but the standard
// library, so whoever only builds statements does not link a signing library.
package statement

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sixtyhq/sixty/attest/internal/ijson"
)

const (
	// Type is the "_type" of in-toto Statement v1, which [New] writes.
	Type = "https://in-toto.io/Statement/v1"
	// TypeV01 is the "_type" of Statement v0.1, which [Parse] reads as well.
	TypeV01 = "https://in-toto.io/Statement/v0.1"
	// PayloadType is the DSSE payload type of a statement.
	PayloadType = "application/vnd.in-toto+json"
)

const (
	// CycloneDXType is the predicate type of a CycloneDX SBOM
	// (https://github.com/in-toto/attestation/blob/main/spec/predicates/cyclonedx.md).
	CycloneDXType = "https://cyclonedx.org/bom"
	// SPDXType is the predicate type of an SPDX 2.3 SBOM
	// (https://github.com/in-toto/attestation/blob/main/spec/predicates/spdx2.md).
	SPDXType = "https://spdx.dev/Document/v2.3"
)

const (
	// MaxBytes bounds the size of a statement.
	MaxBytes = 16 << 20
	// MaxDepth bounds the nesting of a statement.
	MaxDepth = 64
	// MaxSubjects bounds the number of subjects, as sigstore does.
	MaxSubjects = 1024
)

// Digest maps the names of digest algorithms to digests in lower-case hex
// (in-toto attestation framework, DigestSet).
type Digest map[string]string

// Resource describes one artifact (in-toto attestation framework,
// ResourceDescriptor). A subject needs a digest; any other resource needs at
// least one of name, URI, digest or content.
type Resource struct {
	Name             string         `json:"name,omitempty"`
	URI              string         `json:"uri,omitempty"`
	Digest           Digest         `json:"digest,omitempty"`
	Content          []byte         `json:"content,omitempty"`
	DownloadLocation string         `json:"downloadLocation,omitempty"`
	MediaType        string         `json:"mediaType,omitempty"`
	Annotations      map[string]any `json:"annotations,omitempty"`
}

// Statement says something, the predicate, about artifacts, the subjects.
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate,omitempty"`
}

// Predicate is a claim that knows its own type.
type Predicate interface {
	// PredicateType is the URI of the predicate's specification.
	PredicateType() string
	// Validate says what keeps the predicate from being well-formed.
	Validate() error
}

// New returns a Statement v1 that makes the predicate's claim about the
// subjects, in their order. It refuses what [Parse] would refuse.
func New(subjects []Resource, p Predicate) (Statement, error) {
	if err := p.Validate(); err != nil {
		return Statement{}, fmt.Errorf("predicate %s: %w", p.PredicateType(), err)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return Statement{}, fmt.Errorf("encode predicate %s: %w", p.PredicateType(), err)
	}
	return NewRaw(subjects, p.PredicateType(), raw)
}

// NewRaw is [New] for a predicate that is already JSON, as an SBOM is.
func NewRaw(subjects []Resource, predicateType string, predicate json.RawMessage) (Statement, error) {
	s := Statement{Type, slices.Clone(subjects), predicateType, predicate}
	payload, err := s.Marshal()
	if err != nil {
		return Statement{}, err
	}
	return Parse(payload)
}

// Marshal returns the payload to sign. The same statement gives the same bytes.
func (s Statement) Marshal() ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode statement: %w", err)
	}
	return payload, nil
}

// Parse reads a statement from the payload of an envelope whose signature has
// been verified. It refuses JSON that two readers could read differently
// (RFC 7493), sizes and nesting beyond MaxBytes and MaxDepth, other types than
// Statement v0.1 and v1, and subjects without a usable digest. Unknown members
// are ignored, as the specification asks.
func Parse(payload []byte) (Statement, error) {
	if err := ijson.Check(payload, ijson.Limits{Bytes: MaxBytes, Depth: MaxDepth}); err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	var s Statement
	if err := ijson.Unmarshal(payload, &s); err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	return s, s.check()
}

// Decode stores the predicate in v, with member names taken exactly and
// unknown members ignored.
func (s Statement) Decode(v any) error {
	if err := ijson.Unmarshal(s.Predicate, v); err != nil {
		return fmt.Errorf("read predicate %s: %w", s.PredicateType, err)
	}
	return nil
}

func (s Statement) check() error {
	if s.Type != Type && s.Type != TypeV01 {
		return fmt.Errorf("statement type is %q, not %s or %s", s.Type, Type, TypeV01)
	}
	if s.PredicateType == "" {
		return errors.New("statement has no predicateType")
	}
	if len(s.Predicate) > 0 && s.Predicate[0] != '{' && string(s.Predicate) != "null" {
		return errors.New("the predicate is not a JSON object")
	}
	if len(s.Subject) == 0 {
		return errors.New("statement has no subject")
	}
	if len(s.Subject) > MaxSubjects {
		return fmt.Errorf("statement has %d subjects, more than %d", len(s.Subject), MaxSubjects)
	}
	for i, sub := range s.Subject {
		if err := sub.Digest.Check(); err != nil {
			return fmt.Errorf("subject %d (%q): %w", i, sub.Name, err)
		}
	}
	return nil
}

// digestSizes lists the algorithms that can tell artifacts apart, with the
// digest's size in bytes; gitTree is the SHA-256 form of git's object name.
var digestSizes = map[string]int{
	"sha256": 32, "sha384": 48, "sha512": 64, DirHash: 32, GitTree: 32,
}

// Check refuses a set without a digest of a known collision-resistant
// algorithm, and known algorithms with values that are not lower-case hex of
// the right length.
func (d Digest) Check() error {
	known := 0
	for alg, value := range d {
		size, ok := digestSizes[alg]
		if !ok {
			continue
		}
		b, err := hex.DecodeString(value)
		if err != nil || hex.EncodeToString(b) != value || (len(b) != size && !(alg == GitTree && len(b) == 20)) {
			return fmt.Errorf("%s digest %q is not %d bytes of lower-case hex", alg, value, size)
		}
		if len(b) == size {
			known++
		}
	}
	if known == 0 {
		return errors.New("has no sha256, sha384, sha512, dirHash or SHA-256 gitTree digest")
	}
	return nil
}

// Matches reports whether the two sets are of the same artifact: they share at
// least one collision-resistant algorithm and agree in every one they share.
func (d Digest) Matches(other Digest) bool {
	shared := false
	for alg, value := range d {
		theirs, ok := other[alg]
		if !ok {
			continue
		}
		if theirs != value {
			return false
		}
		if size, ok := digestSizes[alg]; ok && len(value) == 2*size {
			shared = true
		}
	}
	return shared
}
