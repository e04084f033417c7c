package packindex

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/agext/levenshtein"

	"github.com/sixtyhq/sixty/internal/market"
)

// weights are what a hit counts in each column of packs_text.
const weights = "10.0, 8.0, 6.0, 4.0, 2.0, 1.0"

const (
	// defaultLimit is how many hits a query without a limit gives at most.
	defaultLimit = 1000
	// maxRanked is how many packs are ranked at most.
	maxRanked = 2000
)

// Search finds packs as [market.Catalog.Search] does: the best match first and
// equal ones by id, each word by the start of a word of the pack's text, and a
// word that begins none by words that are spelt much the same.
//
// Packs whose id and name have all words come first; if they are enough, no
// other is looked at. Of words that thousands of packs have, the first 2,000
// packs in the order of the index are ranked.
func (x *Index) Search(ctx context.Context, q market.Query) ([]market.Hit, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	if strings.TrimSpace(q.Text) == "" {
		return x.query(ctx, q, "", "")
	}
	match, err := x.match(ctx, q.Text)
	if err != nil || match == "" {
		return nil, err
	}
	exact := strings.ToLower(strings.TrimSpace(q.Text))
	hits, err := x.query(ctx, q, "{pack name} : ("+match+")", exact)
	if err != nil || len(hits) == q.Limit {
		return hits, err
	}
	return x.query(ctx, q, match, exact)
}

// query runs one statement: the packs that the expression matches (all, if it
// is empty) and the filters let through. An exact id comes before all others.
func (x *Index) query(ctx context.Context, q market.Query, match, exact string) ([]market.Hit, error) {
	var b strings.Builder
	var args []any
	column := "newest"
	if q.Stable {
		column = "newest_stable"
	}
	if match == "" {
		fmt.Fprintf(&b, "SELECT p.id, p.source, p.pack, 0.0 AS score FROM packs p WHERE p.%s", column)
	} else {
		fmt.Fprintf(&b, `SELECT p.id, p.source, p.pack, (CASE WHEN p.pack = ? THEN 1000.0 ELSE 0.0 END) - bm25(packs_text, %s) AS score
			FROM packs_text JOIN packs p ON p.id = packs_text.rowid WHERE packs_text MATCH ? AND p.%s`, weights, column)
		args = append(args, exact, match)
	}
	for _, f := range []struct{ value, cond, arg string }{
		{q.Category, "p.category = ?", q.Category},
		{q.Keyword, "instr(p.keywords, ?) > 0", "\n" + q.Keyword + "\n"},
		{q.Author, "instr(p.authors, ?) > 0", q.Author},
		{q.License, "instr(p.license, ?) > 0", q.License},
	} {
		if f.value != "" {
			b.WriteString(" AND " + f.cond)
			args = append(args, strings.ToLower(f.arg))
		}
	}
	if match != "" {
		fmt.Fprintf(&b, " LIMIT %d", maxRanked)
	}
	rows, err := x.db.QueryContext(ctx, "SELECT entries.entry, entries.source, score FROM (SELECT * FROM ("+b.String()+") ORDER BY score DESC, pack LIMIT ?) AS best JOIN entries USING (id) ORDER BY score DESC, best.pack", append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("search the index of packs: %w", err)
	}
	defer rows.Close()
	var hits []market.Hit
	for rows.Next() {
		var h market.Hit
		var entry string
		if err := rows.Scan(&entry, &h.Source, &h.Score); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(entry), &h.Entry); err != nil {
			return nil, fmt.Errorf("read the index of packs: %w", err)
		}
		hits = append(hits, h)
	}
	return hits, rows.Err()
}

// match turns the words of a query into an FTS5 expression; it is empty if a
// word matches nothing at all.
func (x *Index) match(ctx context.Context, text string) (string, error) {
	var parts []string
	for _, w := range words(text) {
		begins := `"` + w + `" *`
		found, err := x.any(ctx, begins)
		if err != nil {
			return "", err
		}
		if found {
			parts = append(parts, begins)
			continue
		}
		near, err := x.near(ctx, w)
		if err != nil {
			return "", err
		}
		if len(near) == 0 {
			return "", nil
		}
		parts = append(parts, `("`+strings.Join(near, `" OR "`)+`")`)
	}
	return strings.Join(parts, " AND "), nil
}

func (x *Index) any(ctx context.Context, match string) (bool, error) {
	var found bool
	err := x.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM packs_text WHERE packs_text MATCH ?)", match).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("search the index of packs: %w", err)
	}
	return found, nil
}

// near gives the words that w may have been meant to be. Candidates are the
// words that share most trigrams with it, ends included.
func (x *Index) near(ctx context.Context, w string) ([]string, error) {
	var typos int
	switch n := len([]rune(w)); {
	case n >= 8:
		typos = 2
	case n >= 4:
		typos = 1
	default:
		return nil, nil
	}
	runes := []rune("^^" + w + "$$")
	var grams []string
	for i := 0; i+3 <= len(runes); i++ {
		grams = append(grams, `"`+string(runes[i:i+3])+`"`)
	}
	rows, err := x.db.QueryContext(ctx, `SELECT word FROM words WHERE words MATCH ? AND length(word) BETWEEN ? AND ?`,
		strings.Join(grams, " OR "), len(runes)-typos, len(runes)+typos)
	if err != nil {
		return nil, fmt.Errorf("search the index of packs: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		c = strings.TrimSuffix(strings.TrimPrefix(c, "^^"), "$$")
		if levenshtein.Distance(w, c, nil) <= typos {
			out = append(out, c)
		}
	}
	return out, rows.Err()
}

// words cuts text into lower-case words of letters and digits, which need no
// quoting in an FTS5 expression.
func words(text string) []string {
	const most = 16
	list := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return list[:min(len(list), most)]
}
