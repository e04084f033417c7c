package codegen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/tera"
)

// addFunctions gives templates the functions about queries:
//
//	sparql(query="…")                a boolean, or rows
//	sparql_first(rows=…, column="…") the first row, or its column; null if none
//	sparql_values(rows=…, column="…") one column of all rows
//	sparql_count(rows=…)             the number of rows
//	sparql_empty(rows=…)             whether there are none
//	local(iri="…")                   what follows the last # or / of an IRI
//
// results=… means the same as rows=….
func (r *run) addFunctions(env *tera.Env) {
	env.AddFunction("sparql", func(args map[string]any) (any, error) {
		query, ok := args["query"].(string)
		if !ok {
			return nil, errors.New("sparql needs a query, a string")
		}
		named, err := r.namedQuery(query)
		if err != nil {
			return nil, err
		}
		if named != nil {
			query = named.Text
		}
		res, err := r.runQuery(r.active, query)
		if err != nil {
			return nil, err
		}
		return resultValue(res, r.activeTyped), nil
	})
	env.AddFunction("sparql_first", func(args map[string]any) (any, error) {
		rows, err := rowsArg(args)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if column, ok := args["column"].(string); ok {
			return columnOf(rows[0], column), nil
		}
		return rows[0], nil
	})
	env.AddFunction("sparql_values", func(args map[string]any) (any, error) {
		rows, err := rowsArg(args)
		if err != nil {
			return nil, err
		}
		column, ok := args["column"].(string)
		if !ok {
			return nil, errors.New("sparql_values needs a column, a string")
		}
		out := make([]any, len(rows))
		for i, row := range rows {
			out[i] = columnOf(row, column)
		}
		return out, nil
	})
	env.AddFunction("sparql_count", func(args map[string]any) (any, error) {
		rows, err := rowsArg(args)
		return int64(len(rows)), err
	})
	env.AddFunction("sparql_empty", func(args map[string]any) (any, error) {
		rows, err := rowsArg(args)
		return len(rows) == 0, err
	})
	env.AddFunction("local", func(args map[string]any) (any, error) {
		iri, ok := args["iri"].(string)
		if !ok {
			return nil, errors.New("local needs an iri, a string")
		}
		if i := strings.LastIndexByte(iri, '#'); i >= 0 {
			return iri[i+1:], nil
		}
		return iri[strings.LastIndexByte(iri, '/')+1:], nil
	})
}

func rowsArg(args map[string]any) ([]any, error) {
	rows, okRows := args["rows"]
	other, okResults := args["results"]
	if okRows == okResults {
		return nil, errors.New("give the rows as rows=… or results=…")
	}
	if okResults {
		rows = other
	}
	list, ok := rows.([]any)
	if !ok {
		return nil, fmt.Errorf("rows must be a list, not %T", rows)
	}
	return list, nil
}

func columnOf(row any, column string) any {
	if m, ok := row.(map[string]any); ok {
		return m[column]
	}
	return nil
}
