package tera

import (
	"regexp"
	"strings"
	"sync"
)

// inflection is a rule for the end of a word: what ending matches is replaced
// by replacement. An ending is a regular expression; its groups can be used.
type inflection struct {
	ending      *regexp.Regexp
	replacement string
}

// rules compiles pairs of an ending and its replacement.
func rules(pairs ...string) func() []inflection {
	return sync.OnceValue(func() []inflection {
		compiled := make([]inflection, 0, len(pairs)/2)
		for i := 0; i < len(pairs); i += 2 {
			compiled = append(compiled, inflection{regexp.MustCompile("(?:" + pairs[i] + ")$"), pairs[i+1]})
		}
		return compiled
	})
}

// pluralRules are tried in order.
var pluralRules = rules(
	"eaux", "eaux",
	"child(?:ren)?", "children",
	"pe(?:rson|ople)", "people",
	"([ml])(?:ice|ouse)", "${1}ice",
	"(matr|cod|mur|sil|vert|ind|append)(?:ix|ex)", "${1}ices",
	"(x|ch|ss|sh|zz)", "${1}es",
	"(x|ch|ss|sh|zz)es", "${1}es",
	"([^ch][ieo][ln])ey", "${1}ies",
	"([^aeiouy]|qu)y", "${1}ies",
	"(ar|l|ea|eo|oa|hoo)f", "${1}ves",
	"(kni|wi|li)fe", "${1}ves",
	"sis", "ses",
	"(apheli|hyperbat|periheli|asyndet|noumen|phenomen|criteri|organ|prolegomen|hedr|automat)(?:a|on)", "${1}a",
	"(agend|addend|millenni|dat|extrem|bacteri|desiderat|strat|candelabr|errat|ov|symposi|curricul|automat|quor)(?:a|um)", "${1}a",
	"(her|at|gr)o", "${1}oes",
	"(seraph|cherub)(?:im)?", "${1}im",
	"(alumn|alg|vertebr)(?:a|ae)", "${1}ae",
	"(alumn|syllab|octop|vir|radi|nucle|fung|cact|stimul|termin|bacill|foc|uter|loc|strat)(?:us|i)", "${1}i",
	"([^l]ias|[aeiou]las|[emjzr]as|[iu]am)", "${1}",
	"(e[mn]u)s?", "${1}s",
	"(alias|[^aou]us|tlas|gas|ris)", "${1}es",
	"(ax|test)is", "${1}es",
	"([^aeiou]ese)", "${1}",
	"s", "s",
)

// singularRules are tried in order.
var singularRules = rules(
	"databases", "database",
	"quizzes", "quiz",
	"matrices", "matrix",
	"(vert|ind)ices", "${1}ex",
	"^oxen", "ox",
	"(alias|status)(?:es)?", "${1}",
	"(octop|vir)(?:us|i)", "${1}us",
	"^ax[ie]s", "axis",
	"(cris|test)(?:is|es)", "${1}is",
	"shoes", "shoe",
	"bus(?:es)?", "bus",
	"([ml])ice", "${1}ouse",
	"(x|ch|ss|sh)es", "${1}",
	"movies", "movie",
	"series", "series",
	"([^aeiouy]|qu)ies", "${1}y",
	"([lr]|lea|loa|thie|shea|hoo)ves", "${1}f",
	"(hive|tive)s", "${1}",
	"([^f])ves", "${1}fe",
	"(analy|ba|diagno|parenthe|progno|synop|the)(?:sis|ses)", "${1}sis",
	"([ti])a", "${1}um",
	"news", "news",
	"oes", "o",
	"ss", "ss",
	"s", "",
)

// irregular words: singular, plural.
var irregular = [...][2]string{
	{"ox", "oxen"}, {"man", "men"}, {"woman", "women"}, {"die", "dice"}, {"yes", "yeses"}, {"foot", "feet"},
	{"eave", "eaves"}, {"goose", "geese"}, {"tooth", "teeth"}, {"quiz", "quizzes"},
}

// uncountable words have no plural.
var uncountable = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`
accommodation adulthood advertising advice aggression aid air aircraft alcohol anger applause arithmetic assistance
athletics bacon baggage beef biology blood botany bread butter carbon cardboard cash chalk chaos chess countryside
crossroads dancing deer dignity dirt dust economics education electricity engineering enjoyment envy equipment ethics
evidence evolution fame fiction flour flu food fuel fun furniture gallows garbage garlic genetics gold golf gossip
grammar gratitude grief guilt gymnastics happiness hardware harm hate hatred health heat help homework honesty honey
hospitality housework humour hunger hydrogen ice importance inflation information innocence iron irony jam jewelry
judo karate knowledge lack laughter lava leather leisure lightning linguine linguini linguistics literature litter
livestock logic loneliness luck luggage macaroni machinery magic management mankind marble mathematics mayonnaise
measles methane milk money mud mumps music nature news nitrogen nonsense nurture nutrition obedience obesity oxygen
pasta patience physics poetry pollution poverty pride psychology publicity punctuation quartz racism relaxation
reliability research respect revenge rice rubbish rum safety scenery seafood seaside series shame sheep shopping
sleep smoke smoking snow soap software soil spaghetti species steam stuff stupidity sunshine symmetry tennis thirst
thunder timber traffic transportation trust underwear unemployment unity validity veal vegetation vegetarianism
vengeance violence vitality warmth wealth weather welfare wheat wildlife wisdom yoga zinc zoology`) {
		words[word] = true
	}
	return words
})

// plural returns the plural of an English word; only its end is looked at.
func plural(word string) string {
	if uncountable()[word] {
		return word
	}
	for _, pair := range irregular {
		if word == pair[0] {
			return pair[1]
		}
	}
	if p, ok := inflect(word, pluralRules()); ok {
		return p
	}
	return word + "s"
}

// singular returns the singular of an English word; only its end is looked at.
func singular(word string) string {
	if uncountable()[word] {
		return word
	}
	for _, pair := range irregular {
		if word == pair[1] {
			return pair[0]
		}
	}
	if s, ok := inflect(word, singularRules()); ok {
		return s
	}
	return word
}

// longestEnding is how much of a word the rules look at, in bytes.
const longestEnding = 64

func inflect(word string, rules []inflection) (string, bool) {
	cut := max(0, len(word)-longestEnding)
	stem, end := word[:cut], word[cut:]
	for _, r := range rules {
		if m := r.ending.FindStringSubmatchIndex(end); m != nil {
			return stem + end[:m[0]] + string(r.ending.ExpandString(nil, r.replacement, end, m)), true
		}
	}
	return "", false
}

// ordinal adds st, nd, rd or th to a whole number.
func ordinal(s string) string {
	if s == "" || !isDigit(s[len(s)-1]) || strings.Contains(s, ".") {
		return s
	}
	if len(s) > 1 && s[len(s)-2] == '1' {
		return s + "th"
	}
	switch s[len(s)-1] {
	case '1':
		return s + "st"
	case '2':
		return s + "nd"
	case '3':
		return s + "rd"
	}
	return s + "th"
}

// cardinal takes the ending of an ordinal number away.
func cardinal(s string) string {
	if strings.Contains(s, ".") {
		return s
	}
	for _, ending := range [...]string{"st", "nd", "rd", "th"} {
		if n, ok := strings.CutSuffix(s, ending); ok && n != "" && isDigit(n[len(n)-1]) {
			return n
		}
	}
	return s
}
