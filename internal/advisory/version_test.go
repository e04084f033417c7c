package advisory

import (
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

func TestRequirement(t *testing.T) {
	for _, tt := range []struct {
		req     string
		in, out string // versions inside and outside, by space
	}{
		{">= 1.2.3", "1.2.3 1.2.4-rc.1 2.0.0", "1.2.3-rc.1 1.2.2"},
		{"> 1.2.3", "1.2.4-0 1.2.4", "1.2.3 1.2.3-rc.1"},
		{"< 0.3.0", "0.2.9 0.3.0-alpha.1", "0.3.0 0.3.0+build"},
		{"<= 0.3.0", "0.3.0 0.3.0+build", "0.3.1-0"},
		{"^1.2.3", "1.2.3 1.9.0 1.9.0-rc.1", "2.0.0-alpha.1 2.0.0 1.2.2"},
		{"1.2", "1.2.0 1.9.9", "1.1.9 2.0.0-0"},
		{"^ 0.30.2", "0.30.2 0.30.9", "0.31.0-0 0.31.0 0.30.1"},
		{"0.0.3", "0.0.3", "0.0.4-0 0.0.4 0.0.2"},
		{"^0.0", "0.0.0 0.0.9", "0.1.0"},
		{"^0", "0.0.0 0.9.9", "1.0.0-0"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0-alpha 1.2.2"},
		{"~1.2", "1.2.0 1.2.9", "1.3.0"},
		{"~1", "1.0.0 1.9.9", "2.0.0"},
		{"=1.0", "1.0.0 1.0.0+x", "1.0.1 1.0.0-rc.1"},
		{">= 1.5.1, < 1.6.0", "1.5.1 1.6.0-rc.1", "1.5.0 1.6.0"},
		{"< 2.0.0-2", "2.0.0-1 1.9.9", "2.0.0-2 2.0.0-10 2.0.0"},
		{">=0.7.0-alpha.2", "0.7.0-alpha.2 0.7.0-alpha.10 0.7.0-beta 0.7.0", "0.7.0-alpha.1 0.7.0-alpha"},
		{"*", "0.0.0-0 9.9.9", ""},
		{"1.*", "1.0.0 1.9.9", "2.0.0 0.9.9"},
		{"0.*", "0.0.0 0.9.9", "1.0.0"},
		{"1.2.*", "1.2.0 1.2.9", "1.3.0"},
		{">= 111.16.0+1.1.1l", "111.16.0 111.16.0+1.1.1k", "111.15.0+1.1.1k"},
	} {
		s, err := parseRequirement(tt.req)
		if err != nil {
			t.Errorf("%q: %v", tt.req, err)
			continue
		}
		for _, v := range strings.Fields(tt.in) {
			if !s.contains(semver.MustParse(v)) {
				t.Errorf("%q must hold %s", tt.req, v)
			}
		}
		for _, v := range strings.Fields(tt.out) {
			if s.contains(semver.MustParse(v)) {
				t.Errorf("%q must not hold %s", tt.req, v)
			}
		}
	}
}

func TestRequirementRefused(t *testing.T) {
	for _, req := range []string{
		"", ",", ">= 1.0,", "> 1, > 2", "< 1, <= 2", "^1, < 2", "> 2.0.0, < 1.0.0", "> 1.0.0, < 1.0.0",
		"1.2.3.4", "01.2.3", "1.2-rc", "1.2.3-", "1.2.3-01", "a.b.c", ">= *", "1.*.3", "*.1", "== 1", ">< 1",
		"18446744073709551615.0.0", "-1", strings.Repeat("> 1,", 50),
	} {
		if s, err := parseRequirement(req); err == nil {
			t.Errorf("%q was read as %+v", req, s)
		}
	}
}

func FuzzRequirement(f *testing.F) {
	for _, req := range []string{">= 1.2.3, < 2.0.0-alpha.1", "^0.3", "~1", "=1.0.0", "1.*", "*"} {
		f.Add(req, "1.2.3-rc.1")
	}
	f.Fuzz(func(t *testing.T, req, version string) {
		s, err := parseRequirement(req)
		if err != nil {
			return
		}
		v, err := parseVersion(version)
		if err != nil {
			return
		}
		// A version is in a range or beyond one of its ends, never both.
		below := s.low.version != nil && v.Compare(s.low.version) < 0
		above := s.high.version != nil && v.Compare(s.high.version) > 0
		if s.contains(v) && (below || above) || below && above {
			t.Errorf("%q and %q: below %v, above %v", req, version, below, above)
		}
	})
}
