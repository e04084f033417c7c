package advisory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxComparators bounds the parts of one requirement. RustSec allows two.
const maxComparators = 8

// bound is one end of a span of versions; the zero value is no bound.
type bound struct {
	version   *semver.Version
	inclusive bool
}

// span is a connected range of versions in plain semantic version order. Unlike
// a cargo requirement it makes no exception for pre-releases: 1.2.0-rc.1 is
// below 1.2.0 and so in "< 1.2.0".
type span struct{ low, high bound }

func (s span) contains(v *semver.Version) bool {
	if s.low.version != nil {
		if c := v.Compare(s.low.version); c < 0 || c == 0 && !s.low.inclusive {
			return false
		}
	}
	if s.high.version != nil {
		if c := v.Compare(s.high.version); c > 0 || c == 0 && !s.high.inclusive {
			return false
		}
	}
	return true
}

// parseRequirement reads a version requirement as cargo writes it: comparators
// joined by commas, each with =, >, >=, <, <=, ~, ^ or no operator, or a
// wildcard. Source:
// https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
func parseRequirement(text string) (span, error) {
	var out span
	parts := strings.Split(text, ",")
	if len(parts) > maxComparators {
		return span{}, fmt.Errorf("version requirement %q: too many parts", clip(text))
	}
	for _, part := range parts {
		s, err := parseComparator(strings.TrimSpace(part))
		if err != nil {
			return span{}, fmt.Errorf("version requirement %q: %w", clip(text), err)
		}
		if s.low.version != nil {
			if out.low.version != nil {
				return span{}, fmt.Errorf("version requirement %q has more than one lower bound", clip(text))
			}
			out.low = s.low
		}
		if s.high.version != nil {
			if out.high.version != nil {
				return span{}, fmt.Errorf("version requirement %q has more than one upper bound", clip(text))
			}
			out.high = s.high
		}
	}
	if out.low.version != nil && out.high.version != nil {
		c := out.low.version.Compare(out.high.version)
		if c > 0 || c == 0 && !(out.low.inclusive && out.high.inclusive) {
			return span{}, fmt.Errorf("version requirement %q is empty", clip(text))
		}
	}
	return out, nil
}

func parseComparator(text string) (span, error) {
	if text == "*" {
		return span{}, nil
	}
	op, rest := splitOperator(text)
	p, err := parsePartial(rest)
	if err != nil {
		return span{}, err
	}
	if p.wildcard {
		if op != "" {
			return span{}, fmt.Errorf("operator %s with a wildcard", op)
		}
		return span{low: bound{p.version(), true}, high: bound{p.afterTilde(), false}}, nil
	}
	low := p.version()
	switch op {
	case ">":
		return span{low: bound{low, false}}, nil
	case ">=":
		return span{low: bound{low, true}}, nil
	case "<":
		return span{high: bound{low, false}}, nil
	case "<=":
		return span{high: bound{low, true}}, nil
	case "=":
		return span{low: bound{low, true}, high: bound{low, true}}, nil
	case "~":
		return span{low: bound{low, true}, high: bound{p.afterTilde(), false}}, nil
	default:
		return span{low: bound{low, true}, high: bound{p.afterCaret(), false}}, nil
	}
}

func splitOperator(text string) (op, rest string) {
	for _, op := range []string{">=", "<=", ">", "<", "=", "~", "^"} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			return op, strings.TrimSpace(rest)
		}
	}
	return "", text
}

// partial is a version of which minor and patch may be absent (nil).
type partial struct {
	major        uint64
	minor, patch *uint64
	pre          string
	wildcard     bool
}

func parsePartial(text string) (partial, error) {
	var p partial
	core, _, _ := strings.Cut(text, "+") // build metadata has no part in order
	core, pre, hasPre := strings.Cut(core, "-")
	fields := strings.Split(core, ".")
	if len(fields) > 3 {
		return p, fmt.Errorf("%q is not a version", clip(text))
	}
	for i, f := range fields {
		if i > 0 && (f == "*" || f == "x" || f == "X") {
			p.wildcard = true
			continue
		}
		n, err := strconv.ParseUint(f, 10, 64)
		// The bounds of a requirement add one to a part.
		if err != nil || p.wildcard || n == 1<<64-1 || len(f) > 1 && f[0] == '0' {
			return p, fmt.Errorf("%q is not a version", clip(text))
		}
		switch i {
		case 0:
			p.major = n
		case 1:
			p.minor = &n
		case 2:
			p.patch = &n
		}
	}
	if !hasPre {
		return p, nil
	}
	if len(fields) != 3 || p.wildcard {
		return p, fmt.Errorf("%q has a pre-release on a partial version", clip(text))
	}
	p.pre = pre
	if _, err := semver.StrictNewVersion("0.0.0-" + pre); err != nil {
		return p, fmt.Errorf("%q: %w", clip(text), err)
	}
	return p, nil
}

func (p partial) version() *semver.Version {
	return semver.New(p.major, value(p.minor), value(p.patch), p.pre, "")
}

// before is the lowest version, pre-releases included, that a range which ends
// at the given version does not hold any more: without the "-0" the range of
// ^1.0 would reach 2.0.0-alpha.
func before(major, minor, patch uint64) *semver.Version {
	return semver.New(major, minor, patch, "0", "")
}

func (p partial) afterTilde() *semver.Version {
	if p.minor == nil {
		return before(p.major+1, 0, 0)
	}
	return before(p.major, *p.minor+1, 0)
}

func (p partial) afterCaret() *semver.Version {
	switch {
	case p.major > 0 || p.minor == nil:
		return before(p.major+1, 0, 0)
	case *p.minor > 0 || p.patch == nil:
		return before(0, *p.minor+1, 0)
	default:
		return before(0, 0, *p.patch+1)
	}
}

func value(n *uint64) uint64 {
	if n == nil {
		return 0
	}
	return *n
}

// parseVersion reads a full semantic version.
func parseVersion(text string) (*semver.Version, error) {
	if len(text) > 256 {
		return nil, errors.New("a version of more than 256 bytes")
	}
	v, err := semver.StrictNewVersion(text)
	if err != nil {
		return nil, fmt.Errorf("version %q: %w", text, err)
	}
	return v, nil
}

// clip shortens outside text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
