package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
)

const (
	// MaxBundles bounds how many bundles a file of JSON Lines holds, and
	// MaxFile its size.
	MaxBundles = 64
	MaxFile    = 64 << 20
)

// ReadFile reads a file of bundles, up to MaxFile bytes of it: a larger file
// is refused without being read.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	if len(data) > MaxFile {
		return nil, &Error{Check: CheckSize, Detail: fmt.Sprintf("%s has more than %d bytes", path, MaxFile), Advice: "no run makes bundles that large"}
	}
	return data, nil
}

// Split returns the bundles in data: one bundle, over however many lines, or
// JSON Lines with one on each.
func Split(data []byte) ([][]byte, error) {
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if first := bytes.TrimSpace(lines[0]); len(lines) == 1 || !bytes.HasSuffix(first, []byte("}")) {
		return [][]byte{data}, nil
	}
	var out [][]byte
	for _, l := range lines {
		if l = bytes.TrimSpace(l); len(l) > 0 {
			out = append(out, l)
		}
	}
	if len(out) > MaxBundles {
		return nil, &Error{Check: CheckSize, Detail: fmt.Sprintf("%d bundles are more than %d", len(out), MaxBundles)}
	}
	return out, nil
}

// All verifies every bundle in data, which is one bundle or JSON Lines: all
// of them or an error.
func All(ctx context.Context, data []byte, artifacts []Artifact, trust Trust, expect Expect) ([]*Verified, error) {
	bundles, err := Split(data)
	if err != nil {
		return nil, err
	}
	all := make([]*Verified, 0, len(bundles))
	for i, raw := range bundles {
		v, err := Bundle(ctx, raw, artifacts, trust, expect)
		if err != nil {
			return nil, fmt.Errorf("bundle %d of %d: %w", i+1, len(bundles), err)
		}
		all = append(all, v)
	}
	return all, nil
}
