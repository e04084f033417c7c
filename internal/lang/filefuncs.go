package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// maxFileBytes bounds what a pipeline may read into a value.
const maxFileBytes = 8 << 20

// fileFunctions read files below dir and nowhere else, symbolic links
// included.
func fileFunctions(dir string) []Function {
	return []Function{
		{"file", "The content of a file of the project, which must be UTF-8.", `file("VERSION")`, fileFunc(dir)},
		{"fileexists", "Whether a file of the project exists.", `fileexists("Cargo.lock")`, fileExistsFunc(dir)},
		{"fileset", "The files below a folder of the project that match a pattern (* and ** as in Terraform), in order.", `fileset("src", "**.rs")`, fileSetFunc(dir)},
		{"filesha256", "The SHA-256 of a file of the project, in hex.", `filesha256("Cargo.lock")`, fileSumFunc(dir)},
		{"templatefile", "A file of the project as a template that sees the given values and every function but this one.", `templatefile("greeting.tftpl", { name = "you", names = ["a"] })`, templateFileFunc(dir)},
	}
}

func readFile(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	local := filepath.FromSlash(path.Clean(name))
	st, err := root.Stat(local)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := root.Open(local)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxFileBytes)
	}
	return b, nil
}

// plainly says what is wrong with a path instead of which call of the system
// failed.
func plainly(name string, err error) error {
	var failed *fs.PathError
	switch {
	case !filepath.IsLocal(filepath.FromSlash(path.Clean(name))):
		return fmt.Errorf("%s is outside of the folder of the pipeline or module", name)
	case errors.As(err, &failed):
		return fmt.Errorf("%s: %w", name, failed.Err)
	}
	return err
}

func pathFunc(t cty.Type, f func(name string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(t),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, plainly(args[0].AsString(), err))
			}
			return v, nil
		},
	})
}

func fileFunc(dir string) function.Function {
	return pathFunc(cty.String, func(name string) (cty.Value, error) {
		b, err := readFile(dir, name)
		if err != nil {
			return cty.NilVal, err
		}
		if !utf8.Valid(b) {
			return cty.NilVal, fmt.Errorf("%s is not UTF-8 text", name)
		}
		return cty.StringVal(string(b)), nil
	})
}

func fileExistsFunc(dir string) function.Function {
	return pathFunc(cty.Bool, func(name string) (cty.Value, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return cty.NilVal, err
		}
		defer root.Close()
		st, err := root.Stat(filepath.FromSlash(path.Clean(name)))
		return cty.BoolVal(err == nil && st.Mode().IsRegular()), nil
	})
}

func fileSumFunc(dir string) function.Function {
	return pathFunc(cty.String, func(name string) (cty.Value, error) {
		b, err := readFile(dir, name)
		if err != nil {
			return cty.NilVal, err
		}
		sum := sha256.Sum256(b)
		return cty.StringVal(hex.EncodeToString(sum[:])), nil
	})
}

func fileSetFunc(dir string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.List(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			root, err := os.OpenRoot(dir)
			if err != nil {
				return cty.NilVal, err
			}
			defer root.Close()
			base := path.Clean(args[0].AsString())
			pattern, err := globPattern(args[1].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			var names []string
			err = fs.WalkDir(root.FS(), base, func(name string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.Type().IsRegular() {
					return err
				}
				rel := name
				if base != "." {
					rel = strings.TrimPrefix(name, base+"/")
				}
				if pattern.MatchString(rel) {
					names = append(names, rel)
				}
				if len(names) > maxElements {
					return fmt.Errorf("more than %d files match", maxElements)
				}
				return nil
			})
			if err != nil {
				return cty.NilVal, function.NewArgError(0, plainly(args[0].AsString(), err))
			}
			if len(names) == 0 {
				return cty.ListValEmpty(cty.String), nil
			}
			sort.Strings(names)
			vals := make([]cty.Value, len(names))
			for i, n := range names {
				vals[i] = cty.StringVal(n)
			}
			return cty.ListVal(vals), nil
		},
	})
}

// templateFileFunc renders a file in HCL's template syntax. A template can't
// render another, so none can be endless.
func templateFileFunc(dir string) function.Function {
	render := func(args []cty.Value) (cty.Value, error) {
		name := args[0].AsString()
		src, err := readFile(dir, name)
		if err != nil {
			return cty.NilVal, function.NewArgError(0, plainly(name, err))
		}
		if !args[1].Type().IsObjectType() && !args[1].Type().IsMapType() {
			return cty.NilVal, function.NewArgErrorf(1, "a map or object of values is needed, not %s", args[1].Type().FriendlyName())
		}
		if diags := guardTemplate(src, name); diags.HasErrors() {
			return cty.NilVal, diags
		}
		expr, diags := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			return cty.NilVal, diags
		}
		ctx := &hcl.EvalContext{Variables: args[1].AsValueMap(), Functions: map[string]function.Function{meterName: meter()}}
		for _, t := range expr.Variables() {
			if _, ok := ctx.Variables[t.RootName()]; !ok {
				return cty.NilVal, fmt.Errorf("%s: there is no value for %q", t.SourceRange(), t.RootName())
			}
		}
		for _, f := range Functions(dir) {
			if f.Name != "templatefile" {
				ctx.Functions[f.Name] = f.Func
			}
		}
		val, diags := expr.Value(ctx)
		if diags.HasErrors() {
			return cty.NilVal, diags
		}
		return val, nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "vars", Type: cty.DynamicPseudoType}},
		// A template that is one interpolation has the type of its value.
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() || !args[1].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			val, err := render(args)
			return val.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return render(args) },
	})
}

// globPattern makes a regular expression, which matches in linear time, of a
// pattern for slash-separated names: * and ? stay inside one element, **
// crosses them, and "**/" also stands for none.
func globPattern(pattern string) (*regexp.Regexp, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%q is not a pattern: %w", pattern, err)
	}
	var b strings.Builder
	b.WriteString("^")
	for rest := pattern; rest != ""; {
		n := 1
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			n = 3
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			n = 2
		case rest[0] == '*':
			b.WriteString("[^/]*")
		case rest[0] == '?':
			b.WriteString("[^/]")
		case rest[0] == '[':
			n = classEnd(rest)
			class := rest[1 : n-1]
			if strings.HasPrefix(class, "^") {
				class = "^/" + class[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(class, "[", `\[`) + "]")
		case rest[0] == '\\' && len(rest) > 1:
			_, size := utf8.DecodeRuneInString(rest[1:])
			n = 1 + size
			b.WriteString(regexp.QuoteMeta(rest[1:n]))
		default:
			_, n = utf8.DecodeRuneInString(rest)
			b.WriteString(regexp.QuoteMeta(rest[:n]))
		}
		rest = rest[n:]
	}
	b.WriteString("$")
	re, err := regexp.Compile("(?s)" + b.String())
	if err != nil {
		return nil, fmt.Errorf("%q is not a pattern: %w", pattern, err)
	}
	return re, nil
}

// classEnd is the length of the character class that a valid pattern starts
// with.
func classEnd(pattern string) int {
	for i := 2; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case ']':
			return i + 1
		}
	}
	return len(pattern)
}
