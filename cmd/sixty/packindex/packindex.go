// Package packindex is a search index of packs in an SQLite file, for markets
// too large to be listed at each search and each resolution. A search finds what
// the catalog of package market finds, but for words inside other words.
//
// An index is written once, by [Build], and read by any number of processes.
package packindex

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sixtyhq/sixty/internal/market"
)

// schemaVersion is kept in the file; another one is refused.
const schemaVersion = 2

// The table entries has every version of every pack that a source offers. The
// table packs has one row for each of them that a search may give, under the same
// id: the newest version and the newest stable one. Its text is in packs_text; the
// words that occur there are in words, for the search of misspelt ones, between
// marks that make the trigrams of a word's ends its own.
const schema = `
CREATE TABLE packs (
  id INTEGER PRIMARY KEY,
  pack TEXT NOT NULL,
  version TEXT NOT NULL,
  newest INTEGER NOT NULL,
  newest_stable INTEGER NOT NULL,
  category TEXT NOT NULL,
  license TEXT NOT NULL,
  authors TEXT NOT NULL,
  keywords TEXT NOT NULL,
  source TEXT NOT NULL
) STRICT;
CREATE TABLE entries (id INTEGER PRIMARY KEY, pack TEXT NOT NULL, source TEXT NOT NULL, entry TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE packs_text USING fts5(
  pack, name, keywords, category, description, authors,
  content='', columnsize=1, detail=column, prefix='2 3 4',
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE words USING fts5(word, tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
`

// Index is an open index.
type Index struct{ db *sql.DB }

// Listing is what one source offers.
type Listing struct {
	Source  string
	Entries []market.Entry
}

// Build writes the index of the listings to a file, in place of what is there.
// Of one pack in one version the first listing that has it counts.
func Build(ctx context.Context, path string, listings ...Listing) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the index of packs: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".index-*")
	if err != nil {
		return fmt.Errorf("write the index of packs: %w", err)
	}
	tmp.Close()
	defer os.Remove(tmp.Name())
	if err := fill(ctx, tmp.Name(), listings); err != nil {
		return fmt.Errorf("write the index of packs: %w", err)
	}
	return os.Rename(tmp.Name(), path)
}

func fill(ctx context.Context, path string, listings []Listing) (err error) {
	db, err := open(path, "journal_mode(off)", "synchronous(off)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	if _, err := tx.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA user_version = %d;", schemaVersion)); err != nil {
		return err
	}
	if err := insert(ctx, tx, rows(listings)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO packs_text(packs_text) VALUES ('optimize');
		CREATE INDEX entries_pack ON entries(pack);
		CREATE VIRTUAL TABLE vocabulary USING fts5vocab('packs_text', 'row');
		INSERT INTO words(word) SELECT '^^' || term || '$$' FROM vocabulary WHERE length(term) >= 3;
		DROP TABLE vocabulary;
		INSERT INTO words(words) VALUES ('optimize');`)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// row is one row of entries; those that are the newest of something are rows of
// packs as well.
type row struct {
	source         string
	entry          market.Entry
	newest, stable bool
}

// rows are all versions of all packs, and which of each is the newest one and the
// newest stable one; these mostly are the same.
func rows(listings []Listing) []*row {
	type best struct {
		any, stable       *semver.Version
		anyRow, stableRow *row
	}
	found := map[string]*best{}
	var out []*row
	for _, l := range listings {
		for _, e := range l.Entries {
			r := &row{source: l.Source, entry: e}
			out = append(out, r)
			v, err := semver.StrictNewVersion(e.Version)
			if err != nil {
				continue // the catalog tells of these
			}
			b := found[e.ID]
			if b == nil {
				b = &best{}
				found[e.ID] = b
			}
			if b.any == nil || v.GreaterThan(b.any) {
				b.any, b.anyRow = v, r
			}
			if v.Prerelease() == "" && (b.stable == nil || v.GreaterThan(b.stable)) {
				b.stable, b.stableRow = v, r
			}
		}
	}
	for _, b := range found {
		b.anyRow.newest = true
		if b.stableRow != nil {
			b.stableRow.stable = true
		}
	}
	return out
}

func insert(ctx context.Context, tx *sql.Tx, rows []*row) error {
	packs, err := tx.PrepareContext(ctx, `INSERT INTO packs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer packs.Close()
	text, err := tx.PrepareContext(ctx, `INSERT INTO packs_text(rowid, pack, name, keywords, category, description, authors) VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer text.Close()
	entries, err := tx.PrepareContext(ctx, `INSERT INTO entries VALUES (?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer entries.Close()
	for i, r := range rows {
		e := r.entry
		entry, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := entries.ExecContext(ctx, i+1, e.ID, r.source, string(entry)); err != nil {
			return err
		}
		if !r.newest && !r.stable {
			continue
		}
		authors := strings.Join(e.Authors, "\n")
		if _, err := packs.ExecContext(ctx, i+1, e.ID, e.Version, r.newest, r.stable, strings.ToLower(e.Category), strings.ToLower(e.License),
			strings.ToLower(authors), "\n"+strings.ToLower(strings.Join(e.Keywords, "\n"))+"\n", r.source); err != nil {
			return err
		}
		if _, err := text.ExecContext(ctx, i+1, e.ID, e.Name, strings.Join(e.Keywords, " "), e.Category, e.Description, authors); err != nil {
			return err
		}
	}
	return nil
}

// Open opens an index for searching.
func Open(ctx context.Context, path string) (*Index, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the index of packs: %w", err)
	}
	db, err := open(path, "query_only(1)", "mmap_size(268435456)")
	if err != nil {
		return nil, fmt.Errorf("open the index of packs: %w", err)
	}
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		db.Close()
		return nil, fmt.Errorf("open the index of packs %s: %w", path, err)
	}
	if version != schemaVersion {
		db.Close()
		return nil, fmt.Errorf("the index of packs %s has version %d, this sixty reads %d: build it anew", path, version, schemaVersion)
	}
	return &Index{db}, nil
}

func open(path string, pragmas ...string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+path+"?_pragma="+strings.Join(pragmas, "&_pragma="))
}

// Find gives what the sources offer of one pack, in the order of the listings.
func (x *Index) Find(ctx context.Context, id string) ([]Listing, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT source, entry FROM entries WHERE pack = ? ORDER BY id", id)
	if err != nil {
		return nil, fmt.Errorf("look up %s in the index of packs: %w", id, err)
	}
	defer rows.Close()
	var out []Listing
	for rows.Next() {
		var source, text string
		var e market.Entry
		if err := rows.Scan(&source, &text); err != nil {
			return nil, fmt.Errorf("look up %s in the index of packs: %w", id, err)
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return nil, fmt.Errorf("look up %s in the index of packs: %w", id, err)
		}
		if n := len(out); n == 0 || out[n-1].Source != source {
			out = append(out, Listing{Source: source})
		}
		last := &out[len(out)-1]
		last.Entries = append(last.Entries, e)
	}
	return out, rows.Err()
}

// Close ends the use of the index.
func (x *Index) Close() error { return x.db.Close() }
