package packindex

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/market"
)

func entry(id, version, description string, keywords ...string) market.Entry {
	return market.Entry{Location: id, Manifest: market.Manifest{
		ID: id, Version: version, Description: description, Keywords: keywords, Category: "web", License: "MIT", Authors: []string{"Ada Lovelace"},
	}}
}

func testIndex(t testing.TB, listings ...Listing) *Index {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sub", "packs.db")
	if err := Build(t.Context(), path, listings...); err != nil {
		t.Fatal(err)
	}
	x, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// TestSearchLikeCatalog compares with the catalog of package market.
func TestSearchLikeCatalog(t *testing.T) {
	user := Listing{"user", []market.Entry{
		entry("io.sixty.rust.cli", "0.2.0", ""), entry("io.sixty.rust.cli", "0.3.0-rc.1", ""),
	}}
	shipped := Listing{"shipped", []market.Entry{
		entry("io.sixty.rust.axum-service", "0.1.0", "An HTTP service on axum", "rust", "axum", "http"),
		entry("io.sixty.rust.cli", "0.1.0", "A command line with clap", "rust", "clap"),
		entry("io.sixty.python.web", "1.0.0", "Résumé of a web service"),
		entry("io.sixty.preview", "1.0.0-alpha", "Not stable yet"),
	}}
	x := testIndex(t, user, shipped)
	c, err := market.OpenCatalog(t.Context(), source{user}, source{shipped})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		q    market.Query
		want string
	}{
		{market.Query{Text: "axum"}, "axum-service"},
		{market.Query{Text: "axxum"}, "axum-service"},
		{market.Query{Text: "AXUM http"}, "axum-service"},
		{market.Query{Text: "servcie"}, ""}, // two letters in a word of seven
		{market.Query{Text: "servise"}, "web axum-service"},
		{market.Query{Text: "io.sixty.rust.cli"}, "cli"},
		{market.Query{Text: "rust"}, "axum-service cli"},
		{market.Query{Text: "preview"}, "preview"},
		{market.Query{Text: "preview", Stable: true}, ""},
		{market.Query{Text: "nothing at all"}, ""},
		{market.Query{Text: `" OR "*`}, ""},
		{market.Query{}, "preview web axum-service cli"},
		{market.Query{Keyword: "HTTP"}, "axum-service"},
		{market.Query{Keyword: "htt"}, ""},
		{market.Query{Author: "lovelace", Text: "python"}, "web"},
		{market.Query{Category: "Web", License: "mit", Text: "clap"}, ""}, // the newest version says nothing of it
		{market.Query{Category: "cli"}, ""},
		{market.Query{License: "gpl"}, ""},
		{market.Query{Text: "rust", Limit: 1}, ""},
	} {
		got, err := x.Search(t.Context(), tc.q)
		if err != nil {
			t.Errorf("%+v: %v", tc.q, err)
			continue
		}
		if tc.q.Limit > 0 {
			if len(got) != tc.q.Limit {
				t.Errorf("%+v: %d hits", tc.q, len(got))
			}
			continue
		}
		ids, ref := names(got), names(c.Search(tc.q))
		if strings.Join(ids, " ") != tc.want {
			t.Errorf("%+v: got %v, want %q", tc.q, ids, tc.want)
		}
		slices.Sort(ids)
		slices.Sort(ref)
		if !slices.Equal(ids, ref) {
			t.Errorf("%+v: got %v, the catalog gives %v", tc.q, ids, ref)
		}
	}
	hits, err := x.Search(t.Context(), market.Query{Text: "cli", Stable: true})
	if err != nil || len(hits) != 1 || hits[0].Version != "0.2.0" || hits[0].Source != "user" || hits[0].Location == "" {
		t.Errorf("stable: %+v %v", hits, err)
	}
}

func names(hits []market.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.ID[strings.LastIndex(h.ID, ".")+1:])
	}
	return out
}

type source struct{ l Listing }

func (s source) Name() string { return s.l.Source }
func (s source) List(context.Context) ([]market.Entry, []error, error) {
	return s.l.Entries, nil, nil
}
func (s source) Open(_ context.Context, e market.Entry) (*market.Pack, error) {
	return &market.Pack{Manifest: e.Manifest}, nil
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if _, err := Open(t.Context(), path); err == nil {
		t.Error("opened what does not exist")
	}
	if err := os.WriteFile(path, []byte("not a database, but long enough to be taken for one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil {
		t.Error("opened what is no database")
	}
	// Building again replaces the file, whatever it was.
	for range 2 {
		if err := Build(t.Context(), path, Listing{"s", []market.Entry{entry("io.x", "1.0.0", "")}}); err != nil {
			t.Fatal(err)
		}
	}
	x, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if hits, err := x.Search(t.Context(), market.Query{Text: "io"}); err != nil || len(hits) != 1 {
		t.Errorf("%v %v", hits, err)
	}
}

// manyPacks makes n packs whose words follow a long-tailed distribution, as
// words of descriptions do.
func manyPacks(n int) []market.Entry {
	rng := rand.New(rand.NewPCG(1, 1))
	vocabulary := make([]string, 30_000)
	syllables := strings.Fields("ra ke lo mi tu sen dor pa vel qui ston ber ing gra th fo ax um cli ser vice data web rest graph")
	for i := range vocabulary {
		for range 2 + rng.IntN(3) {
			vocabulary[i] += syllables[rng.IntN(len(syllables))]
		}
	}
	zipf := rand.NewZipf(rng, 1.1, 4, uint64(len(vocabulary)-1))
	text := func(words int) string {
		list := make([]string, words)
		for i := range list {
			list[i] = vocabulary[zipf.Uint64()]
		}
		return strings.Join(list, " ")
	}
	out := make([]market.Entry, n)
	for i := range out {
		out[i] = entry(fmt.Sprintf("io.p%d.%s.%s", i, vocabulary[rng.IntN(len(vocabulary))], vocabulary[zipf.Uint64()]), "1.0.0", text(12), strings.Fields(text(4))...)
		out[i].Name = text(2)
	}
	return out
}

// BenchmarkSearch searches 100,000 packs: a rare word, a common one, two words,
// a misspelt one, and with a filter.
// TestFind resolves what the catalog resolves, and lists no source for it.
func TestFind(t *testing.T) {
	user := Listing{"user", []market.Entry{
		entry("io.x.a", "0.2.0", "newer"), entry("io.x.a", "0.3.0-rc.1", ""), entry("io.x.a", "0.1.0", "of the user"), entry("io.x.a", "x", ""),
	}}
	shipped := Listing{"shipped", []market.Entry{entry("io.x.a", "0.1.0", "shipped"), entry("io.x.b", "1.0.0", "")}}
	x := testIndex(t, user, shipped)
	listed, err := market.OpenCatalog(t.Context(), source{user}, source{shipped})
	if err != nil {
		t.Fatal(err)
	}
	find := func(ctx context.Context, id string) (map[string][]market.Entry, error) {
		listings, err := x.Find(ctx, id)
		out := map[string][]market.Entry{}
		for _, l := range listings {
			out[l.Source] = l.Entries
		}
		return out, err
	}
	looked := market.OpenLookup(find, unlisted{source{user}}, unlisted{source{shipped}})
	for _, tc := range []struct{ id, constraint, want string }{
		{"io.x.a", "", "0.2.0 newer"}, {"io.x.a", "<0.2", "0.1.0 of the user"}, {"io.x.a", ">=0.3.0-0", "0.3.0-rc.1 "},
		{"io.x.b", "^1", "1.0.0 "}, {"io.x.b", "^2", ""}, {"io.x.c", "", ""},
	} {
		for what, c := range map[string]*market.Catalog{"listed": listed, "looked up": looked} {
			p, err := c.Resolve(t.Context(), tc.id, tc.constraint)
			got := ""
			if err == nil {
				got = p.Version + " " + p.Description
			}
			if got != tc.want {
				t.Errorf("%s, %s %s: %q (%v), want %q", what, tc.id, tc.constraint, got, err, tc.want)
			}
		}
	}
}

// unlisted is a source that must not be listed.
type unlisted struct{ market.Source }

func (unlisted) List(context.Context) ([]market.Entry, []error, error) {
	panic("the source was listed")
}

func BenchmarkSearch(b *testing.B) {
	packs := manyPacks(100_000)
	x := testIndex(b, Listing{"s", packs})
	common := strings.Fields(packs[0].Name)[0]
	rare := strings.Split(packs[0].ID, ".")[2]
	for _, bench := range []struct {
		name string
		q    market.Query
	}{
		{"rare", market.Query{Text: rare, Limit: 20}},
		{"common", market.Query{Text: common, Limit: 20}},
		{"two", market.Query{Text: common + " " + rare, Limit: 20}},
		{"misspelt", market.Query{Text: rare[:2] + "x" + rare[3:], Limit: 20}},
		{"filter", market.Query{Text: rare, License: "mit", Author: "ada", Stable: true, Limit: 20}},
		{"id", market.Query{Text: packs[77].ID, Limit: 20}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			hits := 0
			for b.Loop() {
				got, err := x.Search(b.Context(), bench.q)
				if err != nil {
					b.Fatal(err)
				}
				hits = len(got)
			}
			b.ReportMetric(float64(hits), "hits")
		})
	}
}

// BenchmarkResolve finds one pack of 100,000 for a resolution: in the index, and in
// the remembered listing of the source.
func BenchmarkResolve(b *testing.B) {
	packs := manyPacks(100_000)
	listing := Listing{"s", packs}
	path := filepath.Join(b.TempDir(), "packs.db")
	if err := Build(b.Context(), path, listing); err != nil {
		b.Fatal(err)
	}
	cache := market.NewCache(b.TempDir())
	if _, _, err := market.NewCachedSource(source{listing}, cache, market.Refresh).List(b.Context()); err != nil {
		b.Fatal(err)
	}
	id := packs[len(packs)/2].ID
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			x, err := Open(b.Context(), path) // as each command does
			if err != nil {
				b.Fatal(err)
			}
			found, err := x.Find(b.Context(), id)
			if err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
			x.Close()
		}
	})
	b.Run("listing", func(b *testing.B) {
		for b.Loop() {
			c, err := market.OpenCatalog(b.Context(), market.NewCachedSource(source{listing}, cache, market.PreferCache))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.Resolve(b.Context(), id, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
