package rdf_test

import (
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// The examples of RFC 3986, sections 5.4.1 and 5.4.2.
func TestResolveIRI(t *testing.T) {
	const base = "http://a/b/c/d;p?q"
	for ref, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g",
		"//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s",
		"g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x",
		"g;x?y#s": "http://a/b/c/g;x?y#s", "": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/",
		"..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/",
		"../../g": "http://a/g", "../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g",
		"/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..",
		"..g": "http://a/b/c/..g", "./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h",
		"g/../h": "http://a/b/c/h", "g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
		"g?y/./x": "http://a/b/c/g?y/./x", "g?y/../x": "http://a/b/c/g?y/../x", "g#s/./x": "http://a/b/c/g#s/./x",
		"g#s/../x": "http://a/b/c/g#s/../x", "http:g": "http:g",
	} {
		got, err := rdf.ResolveIRI(base, ref)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", ref, got, err, want)
		}
	}
	for _, c := range [][3]string{
		{"http://a", "g", "http://a/g"},
		{"http://a?q", "g", "http://a/g"},
		{"file:///a/b", "../../../c", "file:///c"},
		{"urn:x:y", "#f", "urn:x:y#f"},
		{"", "http://a/b/../c", "http://a/c"},
	} {
		if got, err := rdf.ResolveIRI(c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("%q against %q: got %q, %v; want %q", c[1], c[0], got, err, c[2])
		}
	}
	for _, c := range [][2]string{{"", "g"}, {"/a", "g"}, {"", ""}} {
		if got, err := rdf.ResolveIRI(c[0], c[1]); err == nil {
			t.Errorf("%q against %q: got %q", c[1], c[0], got)
		}
	}
}
