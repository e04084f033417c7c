package market

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/agext/levenshtein"
)

// Query is what a search asks for. Empty filters let everything through.
type Query struct {
	Text     string // words; a pack must match each of them
	Category string // exactly, without regard to case
	Keyword  string // exactly, without regard to case
	Author   string // a part of an author's name
	License  string // a part of the licence expression
	Stable   bool   // no pre-releases
	Limit    int    // 0 is no limit
}

// Hit is a pack that a search found, in its newest version.
type Hit struct {
	Entry
	Source string `json:"source"`
	// Score is how well the pack matches; higher is better.
	Score float64 `json:"score"`
}

// Search finds packs, the best match first and equal ones by id. A word matches
// by being a part of the id, name, keywords, category or description. One that
// matches nowhere is taken to be misspelt: by one letter if it has four or more,
// by two if it has eight or more.
func (c *Catalog) Search(q Query) []Hit {
	var words []word
	for _, w := range tokenize(q.Text) {
		words = append(words, word{w, !slices.ContainsFunc(c.offers, func(o offer) bool {
			_, ok := score(&o.Manifest, []word{{text: w}})
			return ok
		})})
	}
	var hits []Hit
	last := ""
	for _, o := range c.offers { // newest first within an id
		if o.ID == last || !q.admits(o) {
			continue
		}
		last = o.ID
		if score, ok := score(&o.Manifest, words); ok {
			hits = append(hits, Hit{Entry: o.Entry, Source: o.source.Name(), Score: score})
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		if n := cmp.Compare(b.Score, a.Score); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	if q.Limit > 0 && len(hits) > q.Limit {
		hits = hits[:q.Limit]
	}
	return hits
}

func (q Query) admits(o offer) bool {
	has := func(list []string, match func(string) bool) bool { return slices.ContainsFunc(list, match) }
	switch {
	case q.Stable && o.version.Prerelease() != "":
		return false
	case q.Category != "" && !strings.EqualFold(q.Category, o.Category):
		return false
	case q.Keyword != "" && !has(o.Keywords, func(k string) bool { return strings.EqualFold(k, q.Keyword) }):
		return false
	case q.Author != "" && !has(o.Authors, func(a string) bool { return containsFold(a, q.Author) }):
		return false
	case q.License != "" && !containsFold(o.License, q.License):
		return false
	}
	return true
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// field is a part of a manifest that words are looked for in, with what a hit
// there counts.
type field struct {
	text   string
	weight float64
}

// word is a word of a query.
type word struct {
	text     string
	misspelt bool // may match words that are spelt otherwise
}

// score adds, for each word, its best hit over the fields: the field's weight
// times 1 for a whole word, 0.7 for the start of one, 0.4 for a part and 0.3
// for a misspelling. ok is false if a word hits nothing.
func score(m *Manifest, words []word) (total float64, ok bool) {
	fields := []field{
		{m.ID, 10}, {m.Name, 8}, {strings.Join(m.Keywords, " "), 6}, {m.Category, 4}, {m.Description, 2},
		{strings.Join(m.Authors, " "), 1},
	}
	for _, w := range words {
		best := 0.0
		for _, f := range fields {
			for _, t := range tokenize(f.text) {
				best = max(best, f.weight*w.closeness(t))
			}
		}
		if strings.EqualFold(w.text, m.ID) {
			best = 100
		}
		if best == 0 {
			return 0, false
		}
		total += best
	}
	return total, true
}

func (w word) closeness(token string) float64 {
	switch {
	case w.text == token:
		return 1
	case strings.HasPrefix(token, w.text):
		return 0.7
	case len(w.text) >= 2 && strings.Contains(token, w.text):
		return 0.4
	}
	typos := 0
	if n := len([]rune(w.text)); n >= 8 {
		typos = 2
	} else if n >= 4 {
		typos = 1
	}
	if w.misspelt && typos > 0 && levenshtein.Distance(w.text, token, nil) <= typos {
		return 0.3
	}
	return 0
}

// tokenize cuts text into lower-case words of letters and digits.
func tokenize(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
