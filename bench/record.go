package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// record is all that was measured: the page is made of it and of nothing else.
// A part that is measured again replaces the one before.
type record struct {
	Gates  *gatesRecord  `json:"gates,omitempty"`
	First  *firstRecord  `json:"first_run,omitempty"`
	Growth *growthRecord `json:"growth,omitempty"`
}

// taken is where and with what a part was measured.
type taken struct {
	Started  time.Time `json:"started"`
	Machine  machine   `json:"machine"`
	Versions versions  `json:"versions"`
}

// gatesRecord is what the gates of the packs took.
type gatesRecord struct {
	taken
	// Rounds, Packs and Sides are what was to be measured.
	Rounds  int      `json:"rounds"`
	Packs   []string `json:"packs"`
	Sides   []string `json:"sides"`
	Results []result `json:"results"`
}

// result is one run of one side, or why there is none.
type result struct {
	Pack  string `json:"pack"`
	Case  string `json:"case"`
	Side  string `json:"side"`
	Round int    `json:"round"`
	spent
	// Failed says why it does not count.
	Failed string  `json:"failed,omitempty"`
	Memory *memory `json:"memory,omitempty"`
}

// memory is what processes held, in bytes.
type memory struct {
	// Command is what the command held most of the time while its steps ran, and
	// Peak the most.
	Command int64 `json:"command"`
	Peak    int64 `json:"command_peak"`
	// Engine is what the engine holds when nothing runs any more.
	Engine int64 `json:"engine"`
}

// resultJSON is a result in a record: an embedded spent would lend it its own
// form.
type resultJSON struct {
	Pack   string  `json:"pack"`
	Case   string  `json:"case"`
	Side   string  `json:"side"`
	Round  int     `json:"round"`
	Spent  spent   `json:"spent"`
	Failed string  `json:"failed,omitempty"`
	Memory *memory `json:"memory,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (r result) MarshalJSON() ([]byte, error) {
	return json.Marshal(resultJSON{r.Pack, r.Case, r.Side, r.Round, r.spent, r.Failed, r.Memory})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *result) UnmarshalJSON(data []byte) error {
	var j resultJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*r = result{j.Pack, j.Case, j.Side, j.Round, j.Spent, j.Failed, j.Memory}
	return nil
}

// firstRecord is the first run on a machine that has nothing.
type firstRecord struct {
	taken
	Pack   string `json:"pack"`
	Spent  spent  `json:"spent"`
	Failed string `json:"failed,omitempty"`
}

// journal keeps a record in two files: as JSON, and beside it as a page. Both are
// written anew whenever something was measured, so that an interrupted benchmark
// loses nothing of what it has.
type journal struct {
	record
	page string // "" keeps nothing
}

// openJournal reads the record beside a page, if there is one.
func openJournal(page string) (*journal, error) {
	j := &journal{page: page}
	if page == "" {
		return j, nil
	}
	if err := readJSON(j.figures(), &j.record); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what was measured before: %w; remove the file to begin anew", err)
	}
	return j, nil
}

// figures is the file with the record.
func (j *journal) figures() string {
	return j.page[:len(j.page)-len(filepath.Ext(j.page))] + ".json"
}

// save writes both files, each in one piece.
func (j *journal) save() error {
	if j.page == "" {
		return nil
	}
	data, err := json.MarshalIndent(j.record, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(replace(j.figures(), append(data, '\n')), replace(j.page, []byte(j.markdown())))
}

func replace(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return os.Rename(path+".new", path)
}
