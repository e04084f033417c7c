package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/market"
)

// BenchmarkGenerate makes a crate of each pack that ships with sixty as the
// command does: search the market, resolve the pack, render it, write the files.
func BenchmarkGenerate(b *testing.B) {
	for _, pack := range []struct{ id, word string }{
		{"io.sixty.rust.axum-service", "axum"}, {"io.sixty.rust.cli", "clap"}, {"io.sixty.rust.macro-lib", "derive"},
	} {
		b.Run(pack.id, func(b *testing.B) {
			work := b.TempDir()
			b.Chdir(work)
			b.Setenv("SIXTY_CACHE_DIR", filepath.Join(work, "cache"))
			b.Setenv("XDG_CONFIG_HOME", filepath.Join(work, "config"))
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer null.Close()
			a := newApp(null, null)
			a.progress = string(progress.Quiet)
			n := 0
			for b.Loop() {
				m, err := a.market(market.PreferCache)
				if err != nil {
					b.Fatal(err)
				}
				hits, err := a.search(b.Context(), m, market.Query{Text: pack.word})
				if err != nil || len(hits) == 0 {
					b.Fatalf("%d hits: %v", len(hits), err)
				}
				n++
				o := &genOptions{}
				o.template, o.name, o.output = pack.id, "my_crate", "out"+strconv.Itoa(n)
				p, err := a.planGen(b.Context(), o)
				if err != nil {
					b.Fatal(err)
				}
				if err := p.write(b.Context()); err != nil {
					b.Fatal(err)
				}
				if len(p.plan.Writes) < 10 {
					b.Fatalf("only %d files", len(p.plan.Writes))
				}
			}
		})
	}
}
