package cargo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// maxIndexBytes bounds one crate's file in an index.
const maxIndexBytes = 64 << 20

// IndexPath is where a sparse index has a crate's versions, relative to the
// index's address.
func IndexPath(name string) string {
	lower := strings.ToLower(name)
	return indexPrefix(lower) + "/" + lower
}

// ParseIndex reads a crate's file out of a registry's index and tells of each
// version whether it is yanked. Source:
// https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema
func ParseIndex(data []byte) (map[string]bool, error) {
	if len(data) > maxIndexBytes {
		return nil, fmt.Errorf("index: %d bytes, more than the limit of %d", len(data), maxIndexBytes)
	}
	out := map[string]bool{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var v struct {
			Version string `json:"vers"`
			Yanked  *bool  `json:"yanked"`
		}
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("index, line %d: %w", n, err)
		}
		if v.Version == "" || v.Yanked == nil {
			return nil, fmt.Errorf("index, line %d: it lacks the version or whether it is yanked", n)
		}
		out[v.Version] = *v.Yanked
	}
	return out, nil
}
