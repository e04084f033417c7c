package rdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// reference is an IRI reference in its five parts (RFC 3986, section 3). The
// bools tell an empty part from an absent one.
type reference struct {
	scheme, authority, path, query, fragment string
	hasAuthority, hasQuery, hasFragment      bool
}

func splitReference(s string) (r reference) {
	if n := schemeLength(s); n > 0 {
		r.scheme, s = s[:n], s[n+1:]
	}
	if i := strings.IndexByte(s, '#'); i >= 0 {
		r.fragment, r.hasFragment, s = s[i+1:], true, s[:i]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		r.query, r.hasQuery, s = s[i+1:], true, s[:i]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		r.hasAuthority = true
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			r.authority, s = rest[:i], rest[i:]
		} else {
			r.authority, s = rest, ""
		}
	}
	r.path = s
	return r
}

// schemeLength gives the length of an IRI's scheme, or 0 for a relative
// reference (RFC 3986, section 3.1).
func schemeLength[T string | []byte](s T) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ':':
			return i
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// String puts the parts together (RFC 3986, section 5.3).
func (r reference) String() string {
	var b strings.Builder
	if r.scheme != "" {
		b.WriteString(r.scheme)
		b.WriteByte(':')
	}
	if r.hasAuthority {
		b.WriteString("//")
		b.WriteString(r.authority)
	}
	b.WriteString(r.path)
	if r.hasQuery {
		b.WriteByte('?')
		b.WriteString(r.query)
	}
	if r.hasFragment {
		b.WriteByte('#')
		b.WriteString(r.fragment)
	}
	return b.String()
}

// against transforms a reference as it stands on a base (RFC 3986, section 5.2.2,
// strict).
func (r reference) against(base reference) reference {
	t := reference{fragment: r.fragment, hasFragment: r.hasFragment}
	switch {
	case r.scheme != "":
		t = r
		t.path = removeDotSegments(r.path)
		return t
	case r.hasAuthority:
		t.authority, t.hasAuthority = r.authority, true
		t.path = removeDotSegments(r.path)
		t.query, t.hasQuery = r.query, r.hasQuery
	default:
		t.authority, t.hasAuthority = base.authority, base.hasAuthority
		switch {
		case r.path == "":
			t.path = base.path
			t.query, t.hasQuery = r.query, r.hasQuery
			if !r.hasQuery {
				t.query, t.hasQuery = base.query, base.hasQuery
			}
		default:
			t.path = removeDotSegments(r.merge(base))
			t.query, t.hasQuery = r.query, r.hasQuery
		}
	}
	t.scheme = base.scheme
	return t
}

// merge puts a relative path after the base's last slash (RFC 3986, section
// 5.2.3); a rooted path replaces the base's.
func (r reference) merge(base reference) string {
	if r.path[0] == '/' {
		return r.path
	}
	if base.hasAuthority && base.path == "" {
		return "/" + r.path
	}
	return base.path[:strings.LastIndexByte(base.path, '/')+1] + r.path
}

// removeDotSegments is RFC 3986, section 5.2.4.
func removeDotSegments(path string) string {
	if !strings.Contains(path, "./") && !strings.HasSuffix(path, ".") {
		return path
	}
	out := make([]byte, 0, len(path))
	for path != "" {
		switch {
		case strings.HasPrefix(path, "../"):
			path = path[3:]
		case strings.HasPrefix(path, "./"):
			path = path[2:]
		case strings.HasPrefix(path, "/./"):
			path = path[2:]
		case path == "/.":
			path = "/"
		case strings.HasPrefix(path, "/../"), path == "/..":
			path = "/" + strings.TrimPrefix(path[3:], "/")
			out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
		case path == ".", path == "..":
			path = ""
		default:
			n := strings.IndexByte(path[1:], '/') + 1
			if n == 0 {
				n = len(path)
			}
			out = append(out, path[:n]...)
			path = path[n:]
		}
	}
	return string(out)
}

// ResolveIRI resolves an IRI reference against an absolute base IRI (RFC 3986,
// section 5.2, strict, on characters: nothing is normalized but dot segments).
// The base may be empty when the reference is absolute.
func ResolveIRI(base, ref string) (string, error) {
	if schemeLength(base) == 0 {
		if base != "" {
			return "", fmt.Errorf("the base IRI <%s> is not absolute", base)
		}
		if schemeLength(ref) == 0 {
			return "", fmt.Errorf("the IRI <%s> is relative and there is no base IRI", ref)
		}
	}
	return splitReference(ref).against(splitReference(base)).String(), nil
}

// CheckIRI reports what keeps s from being an absolute IRI that can be written
// between < and >: a missing scheme or a character that is not allowed there. It
// is not the whole grammar of RFC 3987.
func CheckIRI(s string) error {
	if schemeLength(s) == 0 {
		return errors.New("the IRI has no scheme, such as http:")
	}
	for _, r := range s {
		if !validIRIRune(r) {
			return fmt.Errorf("the character %q is not allowed in an IRI", r)
		}
	}
	return nil
}
