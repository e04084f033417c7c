package shacl

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// stringBased is section 4.4.
func (c *compiler) stringBased(s *shape) error {
	if err := c.counted(s, "minLength", func(n int) constraint { return minLengthConstraint{n} }); err != nil {
		return err
	}
	if err := c.counted(s, "maxLength", func(n int) constraint { return maxLengthConstraint{n} }); err != nil {
		return err
	}
	err := c.one(s, "pattern", literals, func(t rdf.Term) (constraint, error) {
		flags, err := c.single(s.node, "flags")
		if err != nil {
			return nil, err
		}
		re, err := compilePattern(t.Value, flags.Value)
		if err != nil {
			return nil, c.errorf(s.node, "sh:pattern %s: %v", t, err)
		}
		return patternConstraint{re, t}, nil
	})
	if err != nil {
		return err
	}
	err = c.one(s, "languageIn", anyKind, func(t rdf.Term) (constraint, error) {
		ranges, err := c.list(s.node, t, "languageIn")
		return languageInConstraint{ranges}, err
	})
	if err != nil {
		return err
	}
	if err := c.propertyShapeOnly(s, "uniqueLang"); err != nil {
		return err
	}
	return c.one(s, "uniqueLang", literals, func(t rdf.Term) (constraint, error) {
		return uniqueLangConstraint{on: t == isTrue}, nil
	})
}

// text gives the string that a node stands for in SPARQL's STR; a blank node
// has none.
func text(t rdf.Term) (string, bool) { return t.Value, t.Kind != rdf.BlankNode }

type minLengthConstraint struct{ min int }

func (k minLengthConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if str, ok := text(value); !ok || utf8.RuneCountInString(str) < k.min {
			v.report(s, focus, minLengthComponent, value, say("%s is shorter than %d characters", value, k.min))
		}
	}
}

type maxLengthConstraint struct{ max int }

func (k maxLengthConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if str, ok := text(value); !ok || utf8.RuneCountInString(str) > k.max {
			v.report(s, focus, maxLengthComponent, value, say("%s is longer than %d characters", value, k.max))
		}
	}
}

type patternConstraint struct {
	re      *regexp.Regexp
	pattern rdf.Term
}

func (k patternConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if str, ok := text(value); !ok || !k.re.MatchString(str) {
			v.report(s, focus, patternComponent, value, say("%s does not match the pattern %s", value, k.pattern))
		}
	}
}

// nameEscapes are the character classes of XML Schema's regular expressions
// that Go's do not have.
var nameEscapes = map[byte]string{
	'i': `[_:A-Za-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}\x{200D}]`,
	'c': `[-._:A-Za-z0-9\x{B7}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{37D}\x{37F}-\x{1FFF}\x{200C}\x{200D}\x{203F}\x{2040}]`,
}

// compilePattern makes a regular expression of XPath (XPath Functions 3.1,
// section 5.6) from its pattern and flags. What Go's expressions lack is an
// error: back-references, and subtraction of character classes.
func compilePattern(pattern, flags string) (*regexp.Regexp, error) {
	options, quote, spaced := "", false, false
	for _, f := range flags {
		switch f {
		case 's', 'm', 'i':
			options += string(f)
		case 'q':
			quote = true
		case 'x':
			spaced = true
		default:
			return nil, &flagError{f}
		}
	}
	if quote {
		pattern = regexp.QuoteMeta(pattern)
	} else {
		pattern = translatePattern(pattern, spaced)
	}
	if options != "" {
		pattern = "(?" + options + ")" + pattern
	}
	return regexp.Compile(pattern)
}

type flagError struct{ flag rune }

func (e *flagError) Error() string { return "sh:flags has the unknown flag " + string(e.flag) }

// translatePattern replaces \i and \c outside of character classes and, with
// spaced, takes white space out.
func translatePattern(pattern string, spaced bool) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		ch := pattern[i]
		if ch == '\\' && i+1 < len(pattern) {
			i++
			if class, ok := nameEscapes[pattern[i]]; ok && !inClass {
				b.WriteString(class)
			} else {
				b.WriteByte('\\')
				b.WriteByte(pattern[i])
			}
			continue
		}
		switch {
		case ch == '[':
			inClass = true
		case ch == ']':
			inClass = false
		case spaced && !inClass && strings.IndexByte(" \t\n\r", ch) >= 0:
			continue
		}
		b.WriteByte(ch)
	}
	return b.String()
}

type languageInConstraint struct{ ranges []rdf.Term }

func (k languageInConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if !k.matches(value) {
			v.report(s, focus, languageInComponent, value, say("%s is not in one of the languages %s", value, k.ranges))
		}
	}
}

// matches is SPARQL's langMatches (RFC 4647, basic filtering).
func (k languageInConstraint) matches(value rdf.Term) bool {
	if value.Lang == "" {
		return false
	}
	tag := strings.ToLower(value.Lang)
	for _, r := range k.ranges {
		want := strings.ToLower(r.Value)
		if want == "*" || tag == want || strings.HasPrefix(tag, want+"-") {
			return true
		}
	}
	return false
}

type uniqueLangConstraint struct{ on bool }

func (k uniqueLangConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	if !k.on {
		return
	}
	seen := map[string]int{}
	for _, value := range values {
		if value.Lang == "" {
			continue
		}
		tag := strings.ToLower(value.Lang)
		if seen[tag]++; seen[tag] == 2 {
			v.report(s, focus, uniqueLangComponent, rdf.Term{}, say("there is more than one value in the language %s", tag))
		}
	}
}
