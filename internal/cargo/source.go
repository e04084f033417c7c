package cargo

import (
	"fmt"
	"net/url"
	"strings"
)

// CratesIO is the index of crates.io as every lockfile names it, whichever
// protocol fetched it.
const CratesIO = "https://github.com/rust-lang/crates.io-index"

// SourceKind says where a package comes from.
type SourceKind string

const (
	// SourceRegistry is a registry with a git index.
	SourceRegistry SourceKind = "registry"
	// SourceSparse is a registry with a sparse (HTTP) index.
	SourceSparse SourceKind = "sparse"
	// SourceGit is a git repository.
	SourceGit SourceKind = "git"
	// SourceOther is a kind that only a vendor or mirror set-up writes:
	// local-registry or directory.
	SourceOther SourceKind = "other"
)

// Source is where a package comes from.
type Source struct {
	Kind SourceKind `json:"kind"`
	// URL is the index (without "sparse+") or the repository (without
	// query and fragment).
	URL string `json:"url"`
	// Reference is what the manifest of a git dependency asks for:
	// "branch=…", "tag=…", "rev=…", or empty for the default branch.
	Reference string `json:"reference,omitempty"`
	// Revision is the full commit of a git dependency.
	Revision string `json:"revision,omitempty"`
}

// IsCratesIO reports whether the source is crates.io.
func (s Source) IsCratesIO() bool {
	switch s.Kind {
	case SourceRegistry:
		return s.URL == CratesIO
	case SourceSparse:
		return s.URL == "https://index.crates.io/"
	}
	return false
}

// String gives the source in the form of lockfiles of format 4.
func (s Source) String() string { return s.encode(true) }

// encode gives the source in the form of the lockfile. From format 4 on, the
// value of a git reference is percent-encoded.
func (s Source) encode(escape bool) string {
	switch s.Kind {
	case SourceRegistry:
		return "registry+" + s.URL
	case SourceSparse:
		return "sparse+" + s.URL
	case SourceGit:
		out := "git+" + s.URL
		if key, value, ok := strings.Cut(s.Reference, "="); ok {
			if escape {
				value = url.QueryEscape(value)
			}
			out += "?" + key + "=" + value
		}
		if s.Revision != "" {
			out += "#" + s.Revision
		}
		return out
	}
	return s.URL
}

// ConfigURL is where the registry's config.json lies, empty where it has to be
// read out of a git index.
func (s Source) ConfigURL() string {
	switch {
	case s.IsCratesIO():
		return "https://index.crates.io/config.json"
	case s.Kind == SourceSparse:
		return strings.TrimSuffix(s.URL, "/") + "/config.json"
	}
	return ""
}

// sameOrigin ignores the revision, which the dependency lists of a lockfile
// may leave out.
func (s Source) sameOrigin(o Source) bool {
	return s.Kind == o.Kind && s.URL == o.URL && s.Reference == o.Reference &&
		(s.Revision == "" || o.Revision == "" || s.Revision == o.Revision)
}

// parseSource reads one source. From format 4 on, values of a git reference
// are percent-encoded.
func parseSource(text string, encoded bool) (Source, error) {
	kind, rest, ok := strings.Cut(text, "+")
	if !ok || rest == "" {
		return Source{}, fmt.Errorf("source %q has no kind", clip(text))
	}
	switch kind {
	case "registry":
		return Source{Kind: SourceRegistry, URL: rest}, checkURL(rest)
	case "sparse":
		return Source{Kind: SourceSparse, URL: rest}, checkURL(rest)
	case "git":
		return parseGitSource(rest, encoded)
	case "local-registry", "directory", "path":
		return Source{Kind: SourceOther, URL: text}, nil
	}
	return Source{}, fmt.Errorf("source %q is of a kind that is not known", clip(text))
}

func parseGitSource(rest string, encoded bool) (Source, error) {
	rest, revision, _ := strings.Cut(rest, "#")
	repo, query, _ := strings.Cut(rest, "?")
	s := Source{Kind: SourceGit, URL: repo, Revision: revision}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if encoded {
			v, err := url.QueryUnescape(value)
			if err != nil {
				return Source{}, fmt.Errorf("git reference %q: %w", clip(pair), err)
			}
			value = v
		}
		switch key {
		case "branch", "tag", "rev":
			s.Reference = key + "=" + value
		}
	}
	return s, checkURL(repo)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("address %q: %w", clip(text), err)
	}
	if u.Scheme == "" {
		return fmt.Errorf("address %q has no scheme", clip(text))
	}
	return nil
}
