package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

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
	}
}

func readFile(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(path.Clean(name)))
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

func pathFunc(t cty.Type, f func(name string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(t),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
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
			pattern := args[1].AsString()
			var names []string
			err = fs.WalkDir(root.FS(), base, func(name string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.Type().IsRegular() {
					return err
				}
				rel := strings.TrimPrefix(strings.TrimPrefix(name, base), "/")
				if matchGlob(pattern, rel) {
					names = append(names, rel)
				}
				if len(names) > maxElements {
					return fmt.Errorf("more than %d files match", maxElements)
				}
				return nil
			})
			if err != nil {
				return cty.NilVal, err
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

// matchGlob matches a slash-separated name: * and ? stay inside one element,
// ** crosses them.
func matchGlob(pattern, name string) bool {
	before, after, deep := strings.Cut(pattern, "**")
	if !deep {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	}
	for i := 0; i <= len(name); i++ {
		if ok, err := path.Match(before, name[:i]); err != nil || !ok {
			continue
		}
		rest := strings.TrimPrefix(after, "/")
		for j := i; j <= len(name); j++ {
			if j > i && rest != after && name[j-1] != '/' {
				continue
			}
			if matchGlob(rest, name[j:]) {
				return true
			}
		}
	}
	return false
}
