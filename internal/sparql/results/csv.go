package results

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func writeCSV(w io.Writer, r *Result) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	record := append([]string(nil), r.Vars...)
	for i := -1; i < len(r.Rows); i++ {
		if i >= 0 {
			for j, t := range r.Rows[i] {
				record[j] = t.Value
				if t.Kind == rdf.BlankNode {
					record[j] = "_:" + t.Value
				}
			}
		}
		if len(record) == 0 { // csv.Writer can't write a line without fields
			out.Flush()
			if _, err := io.WriteString(w, "\r\n"); err != nil {
				return err
			}
			continue
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func readCSV(in io.Reader, limits Limits) (*Result, error) {
	records := csv.NewReader(in)
	vars, err := records.Read()
	if errors.Is(err, io.EOF) {
		return &Result{}, nil
	}
	if err != nil {
		return nil, err
	}
	r := &Result{Vars: vars}
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return nil, err
		}
		if len(r.Rows) >= limits.MaxRows {
			return nil, tooManyRows(limits)
		}
		row := make([]rdf.Term, len(record))
		for i, field := range record {
			if label, ok := strings.CutPrefix(field, "_:"); ok {
				row[i] = rdf.NewBlank(label)
			} else if field != "" {
				row[i] = rdf.NewLiteral(field)
			}
		}
		r.Rows = append(r.Rows, row)
	}
}
