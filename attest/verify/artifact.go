package verify

import (
	"context"
	"crypto"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	_ "crypto/sha256" // registers the hashes that newHashes asks for
	_ "crypto/sha512"

	"github.com/sixtyhq/sixty/attest/statement"
)

// Artifact is something at hand that a statement may be about.
type Artifact struct {
	// Name is for messages; what a subject is called doesn't matter.
	Name   string
	open   func() (io.ReadCloser, error)
	digest statement.Digest
}

// File is an artifact in a file. It is read when it is needed, in one pass.
func File(path string) Artifact {
	return Artifact{Name: path, open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Bytes is an artifact in memory.
func Bytes(name string, data []byte) Artifact {
	return Artifact{Name: name, open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(data))), nil
	}}
}

// Digest is an artifact of which only the digest is known.
func Digest(name string, digest statement.Digest) Artifact {
	return Artifact{Name: name, digest: maps.Clone(digest)}
}

var fileHashes = map[string]crypto.Hash{
	"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512,
}

// matchSubjects finds each artifact among the subjects, and each subject
// among the artifacts unless some will do.
func (v *Verified) matchSubjects(ctx context.Context, artifacts []Artifact, some bool) error {
	if len(artifacts) == 0 {
		return &Error{Check: CheckSubjects, Detail: "no artifact is given that the statement could be about", Advice: "name the file, or its digest"}
	}
	algorithms := fileAlgorithms(v.Statement.Subject)
	matched := make([]bool, len(v.Statement.Subject))
	for _, a := range artifacts {
		digest, err := a.sum(ctx, algorithms)
		if err != nil {
			return &Error{Check: CheckSubjects, Detail: "read " + a.Name, Cause: err}
		}
		found := false
		for i, s := range v.Statement.Subject {
			if s.Digest.Matches(digest) {
				matched[i], found = true, true
			}
		}
		if !found {
			return &Error{Check: CheckSubjects, Detail: fmt.Sprintf("%s is none of the statement's %d subjects (%s)", a.Name, len(matched), names(v.Statement.Subject)), Advice: "it was changed since, or the bundle is of another artifact"}
		}
	}
	for i, s := range v.Statement.Subject {
		if matched[i] {
			v.Subjects = append(v.Subjects, s)
		} else {
			v.Others = append(v.Others, s)
		}
	}
	if len(v.Others) > 0 && !some {
		return &Error{Check: CheckSubjects, Detail: fmt.Sprintf("the statement is also about %s, not among the artifacts given", names(v.Others)), Advice: "name them all, or say that some will do"}
	}
	return nil
}

func fileAlgorithms(subjects []statement.Resource) []string {
	used := map[string]bool{}
	for _, s := range subjects {
		for alg := range s.Digest {
			if _, ok := fileHashes[alg]; ok {
				used[alg] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

func (a Artifact) sum(ctx context.Context, algorithms []string) (statement.Digest, error) {
	if a.open == nil {
		return a.digest, a.digest.Check()
	}
	r, err := a.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	hashes := map[string]hash.Hash{}
	var writers []io.Writer
	for _, alg := range algorithms {
		hashes[alg] = fileHashes[alg].New()
		writers = append(writers, hashes[alg])
	}
	if _, err := io.Copy(io.MultiWriter(writers...), readerWithContext{ctx, r}); err != nil {
		return nil, err
	}
	digest := statement.Digest{}
	for alg, h := range hashes {
		digest[alg] = hex.EncodeToString(h.Sum(nil))
	}
	return digest, nil
}

// readerWithContext stops a long read when it is cancelled.
type readerWithContext struct {
	ctx context.Context
	r   io.Reader
}

func (r readerWithContext) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func names(all []statement.Resource) string {
	const most = 5
	var out []string
	for i, r := range all {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		out = append(out, fmt.Sprintf("%q", r.Name))
	}
	return strings.Join(out, ", ")
}
