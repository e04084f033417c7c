package tera

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// CaseFilters returns filters beyond Tera's own that turn names into the
// spellings of other languages, by name, for [Env.AddFilter]:
//
//	snake, snake_case                         foo_bar
//	screaming, screaming_snake_case, shouty,
//	shouty_snake, shouty_snake_case           FOO_BAR
//	kebab, kebab_case                         foo-bar
//	shouty_kebab, shouty_kebab_case           FOO-BAR
//	camel, camel_case                         fooBar
//	pascal, pascal_case                       FooBar
//	train, train_case                         Foo-Bar
//	title_case                                Foo Bar
//	sentence, sentence_case                   Foo bar
//	class, class_case, classify               FooBar, its last word singular
//	table, table_case, tableize               foo_bars
//	plural, singular, singularize             English inflection
//	pluralize                                 of a string its plural; of a
//	                                          number Tera's suffix
//	ordinalize, deordinalize                  1st, 1
//	foreign_key, demodulize, deconstantize    foo_id; Bar and Foo of Foo::Bar
//
// Tera's title keeps its name and meaning; title_case splits words as the
// others do. On ASCII text words are found as by the Rust crate Inflector:
// they end at everything that is no letter or digit, before an upper-case
// letter next to a lower-case one, and around digits.
func CaseFilters() map[string]Filter {
	filters := map[string]Filter{}
	add := func(f func(string) string, names ...string) {
		for _, name := range names {
			filters[name] = stringFilter(f)
		}
	}
	add(snakeCase, "snake", "snake_case")
	add(screamingCase, "screaming", "screaming_snake", "screaming_snake_case", "shouty", "shouty_snake", "shouty_snake_case")
	add(func(s string) string { return separated(s, '-', false) }, "kebab", "kebab_case")
	add(func(s string) string { return separated(s, '-', true) }, "shouty_kebab", "shouty_kebab_case")
	add(camelWords{lowerFirst: true}.join, "camel", "camel_case")
	add(pascalCase, "pascal", "pascal_case")
	add(camelWords{separator: "-"}.join, "train", "train_case")
	add(camelWords{separator: " "}.join, "title_case")
	add(camelWords{separator: " ", lowerRest: true}.join, "sentence", "sentence_case")
	add(classCase, "class", "class_case", "classify")
	add(tableCase, "table", "table_case", "tableize")
	add(plural, "plural")
	add(singular, "singular", "singularize")
	add(ordinal, "ordinalize")
	add(cardinal, "deordinalize")
	add(foreignKey, "foreign_key")
	add(demodulize, "demodulize")
	add(deconstantize, "deconstantize")
	filters["pluralize"] = pluralOrSuffix
	return filters
}

// stringFilter makes a filter of a function on strings; a whole number counts
// as its digits.
func stringFilter(f func(string) string) Filter {
	return func(value any, _ map[string]any) (any, error) {
		switch v := value.(type) {
		case string:
			return f(v), nil
		case int64:
			return f(strconv.FormatInt(v, 10)), nil
		}
		return nil, wrongType("a string", value)
	}
}

func pluralOrSuffix(value any, args map[string]any) (any, error) {
	if s, ok := value.(string); ok {
		if len(args) > 0 {
			return nil, errors.New("takes arguments only with a number")
		}
		return plural(s), nil
	}
	in := &invocation{}
	for name, v := range args {
		in.args = append(in.args, binding{name, v})
	}
	return pluralSuffix(in, value)
}

func isAlphanumeric(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.In(r, unicode.Other_Alphabetic, unicode.M)
}

func trimToWord(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return !isAlphanumeric(r) })
}

func snakeCase(s string) string     { return separated(s, '_', false) }
func screamingCase(s string) string { return separated(s, '_', true) }

// separated joins the words of s, all in one case, by separator.
func separated(s string, separator rune, upperCase bool) string {
	runes := []rune(trimToWord(s))
	lowerAt := func(i int) bool { return i >= 0 && i < len(runes) && unicode.IsLower(runes[i]) }
	var b strings.Builder
	atStart := true
	for i, r := range runes {
		if !isAlphanumeric(r) {
			if !atStart {
				b.WriteRune(separator)
				atStart = true
			}
			continue
		}
		if !atStart && !unicode.IsLower(r) && (lowerAt(i-1) || lowerAt(i+1)) {
			b.WriteRune(separator)
		}
		atStart = false
		if upperCase {
			b.WriteRune(unicode.ToUpper(r))
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// camelWords joins words that begin in upper case.
type camelWords struct {
	separator  string
	lowerFirst bool // the first word begins in lower case
	lowerRest  bool // the words after the first do
}

func pascalCase(s string) string { return camelWords{}.join(s) }

func (c camelWords) join(s string) string {
	var b strings.Builder
	newWord, first := !c.lowerFirst, !c.lowerFirst
	found := false
	last := ' '
	for _, r := range trimToWord(s) {
		switch {
		case !isAlphanumeric(r):
			newWord = newWord || found
		case unicode.IsNumber(r):
			found, newWord = true, true
			b.WriteRune(r)
		case newWord || unicode.IsLower(last) && unicode.IsUpper(r):
			found, newWord = true, false
			if !first {
				b.WriteString(c.separator)
			}
			if c.lowerRest && !first {
				b.WriteRune(unicode.ToLower(r))
			} else {
				b.WriteRune(unicode.ToUpper(r))
			}
			first = false
		default:
			found = true
			last = r
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func classCase(s string) string {
	name := pascalCase(s)
	at := max(0, strings.LastIndexFunc(name, unicode.IsUpper))
	return name[:at] + singular(name[at:])
}

func tableCase(s string) string {
	name := snakeCase(s)
	at := max(0, strings.LastIndexByte(name, '_'))
	return name[:at] + plural(name[at:])
}

// lastSegment returns what follows the last :: in s.
func lastSegment(s string) string { return s[strings.LastIndex(s, "::")+1:] }

func foreignKey(s string) string {
	key := snakeCase(lastSegment(s))
	if strings.HasSuffix(key, "_id") {
		return key
	}
	return key + "_id"
}

func demodulize(s string) string {
	if !strings.Contains(s, "::") {
		return s
	}
	return classCase(lastSegment(s))
}

// deconstantize returns the segment before the last as a class name.
func deconstantize(s string) string {
	segments := strings.Split(s, "::")
	if len(segments) < 2 {
		return ""
	}
	return classCase(segments[len(segments)-2])
}
