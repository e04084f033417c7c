package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// KeyPart is one named input of a step's key. Two keys differ exactly when
// some part differs, which is how a run explains why a step ran again.
type KeyPart struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Key is the identity of a step's work: equal keys promise equal results.
type Key struct {
	Digest string    `json:"digest"`
	Parts  []KeyPart `json:"parts"`
}

// Keys returns the key of every step. initDigest is the digest of the
// sixty-init binary that wraps each step.
//
// What does not change a step's results is left out: the names of stages,
// steps and images, order without data, metrics, ranges, and the addresses of
// files that are known by checksum. The names of outputs count, since results
// lie on disk under them. Caches and secrets enter by id only.
//
// The error is that of [Order], or names an image that does not exist.
func Keys(g *Graph, initDigest string) (map[string]Key, error) {
	ids, err := Order(g)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]Key, len(ids))
	steps := g.byID()
	for _, id := range ids {
		parts, err := keyParts(g, steps[id], initDigest, keys)
		if err != nil {
			return nil, err
		}
		keys[id] = Key{Digest: digestParts(parts), Parts: parts}
	}
	return keys, nil
}

func keyParts(g *Graph, s *Step, initDigest string, keys map[string]Key) ([]KeyPart, error) {
	parts := []KeyPart{
		{"init", initDigest},
		{"runner", s.Runner},
		{"command", jsonString(s.Command)},
		{"dir", s.Dir},
		{"network", string(s.Network)},
		{"outputs", jsonString(s.Outputs)},
		{"timeout", s.Timeout.String()},
	}
	if s.Image != "" {
		image, ok := g.Image(s.Image)
		if !ok {
			return nil, fmt.Errorf("step %q refers to image %q, which does not exist", s.ID, s.Image)
		}
		parts = append(parts, KeyPart{"image", image.Digest}, KeyPart{"image env", jsonString(image.Env)})
	}
	for _, pair := range s.Env {
		name, value, _ := strings.Cut(pair, "=")
		parts = append(parts, KeyPart{"env " + name, value})
	}
	if s.Conditions != nil {
		parts = append(parts, KeyPart{"conditions", jsonString(s.Conditions)})
	}
	for _, m := range s.Mounts {
		value, err := sourceKey(g, m.Source, initDigest, keys)
		if err != nil {
			return nil, fmt.Errorf("step %q: mount %s: %w", s.ID, m.Target, err)
		}
		if m.Writable {
			value += " writable"
		}
		parts = append(parts, KeyPart{"mount " + m.Target, value})
	}
	for _, service := range s.Services {
		image, ok := g.Image(service.Image)
		if !ok {
			return nil, fmt.Errorf("service %q of step %q refers to image %q, which does not exist", service.Name, s.ID, service.Image)
		}
		parts = append(parts, service.key(image))
	}
	sort.SliceStable(parts, func(i, j int) bool { return parts[i].Name < parts[j].Name })
	return parts, nil
}

func sourceKey(g *Graph, s Source, initDigest string, keys map[string]Key) (string, error) {
	switch s.Kind {
	case SourceOutput:
		return outputKey(s, keys), nil
	case SourceEarlier:
		made := make(map[string]Key, len(s.Earlier))
		for _, step := range s.Earlier {
			parts, err := keyParts(g, &step, initDigest, made)
			if err != nil {
				return "", err
			}
			made[step.ID] = Key{Digest: digestParts(parts)}
		}
		if _, ok := made[s.Step]; !ok {
			return "", fmt.Errorf("step %q is not among the earlier ones", s.Step)
		}
		return outputKey(s, made), nil
	case SourceFetch:
		return "fetch " + fetched(s.Files), nil
	default:
		return string(s.Kind) + " " + s.Digest + s.Cache + s.Secret, nil
	}
}

func outputKey(s Source, keys map[string]Key) string {
	return "output " + s.Output + " of " + keys[s.Step].Digest
}

// fetched says what a set of downloads is, and not where it comes from.
func fetched(files []Fetch) string {
	sums := make([]string, 0, len(files))
	for _, f := range files {
		sums = append(sums, f.Name+" "+f.SHA256)
	}
	sort.Strings(sums)
	return jsonString(sums)
}

// FetchKey is the identity of a set of downloads, in hex: their names and
// checksums.
func FetchKey(files []Fetch) string {
	sum := sha256.Sum256([]byte(fetched(files)))
	return hex.EncodeToString(sum[:])
}

func digestParts(parts []KeyPart) string {
	sum := sha256.Sum256([]byte(jsonString(parts)))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// jsonString is canonical here because only strings, slices and structs are
// given to it: encoding/json writes those in one way only.
func jsonString(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("plan: a key part that JSON can't hold: " + err.Error())
	}
	return string(b)
}
