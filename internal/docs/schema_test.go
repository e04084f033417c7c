package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// schemasOf reads the variables of a package that are an &hcl.BodySchema, and
// gives the sorted names of the attributes and blocks of each.
func schemasOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			vars, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range vars.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 || !isSchema(v.Values[0]) {
					continue
				}
				out[v.Names[0].Name] = fieldNames(v.Values[0])
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no schema", dir)
	}
	return out
}

func isSchema(e ast.Expr) bool {
	ref, ok := e.(*ast.UnaryExpr)
	if !ok {
		return false
	}
	lit, ok := ref.X.(*ast.CompositeLit)
	if !ok {
		return false
	}
	sel, ok := lit.Type.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "BodySchema"
}

// fieldNames are the values of Name and Type in a schema.
func fieldNames(e ast.Expr) []string {
	var names []string
	ast.Inspect(e, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, isIdent := kv.Key.(*ast.Ident)
		value, isLit := kv.Value.(*ast.BasicLit)
		if isIdent && isLit && (key.Name == "Name" || key.Name == "Type") {
			if name, err := strconv.Unquote(value.Value); err == nil {
				names = append(names, name)
			}
		}
		return true
	})
	slices.Sort(names)
	return names
}
