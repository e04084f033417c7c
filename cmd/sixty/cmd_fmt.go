package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
)

// fmtOptions is everything that a command line says about sixty fmt.
type fmtOptions struct {
	check, diff, recursive bool
}

func (a *app) fmtCommand() *cobra.Command {
	o := &fmtOptions{}
	cmd := &cobra.Command{
		Use:   "fmt [PATH]...",
		Short: "Rewrite pipeline files in the usual format",
		Long: `Rewrites HCL files in the usual format: two spaces a level, aligned equals signs,
one space around operators. Names of files that changed are printed.

A PATH is a file, a folder, whose .hcl and .sixtyvars files are taken, or - for
standard input, which is written to standard output. Without one it is the
working folder. Comments, blank lines and the order of things stay as they are,
and so do the file's mode and owner. Files in JSON are not formatted.

Exit codes: 0 done, 1 some file is not formatted (--check), 2 a file that can't
be read as HCL, which is left as it was.`,
		Example: `  sixty fmt
  sixty fmt --recursive --check    # in CI
  sixty fmt --diff pipeline.hcl
  cat pipeline.hcl | sixty fmt -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Equal(args, []string{"-"}) {
				return a.formatStdin(o, cmd.InOrStdin())
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			files, err := o.files(args)
			if err != nil {
				return err
			}
			return a.formatFiles(o, files)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "write nothing; exit 1 and name the files that are not formatted")
	f.BoolVar(&o.diff, "diff", false, "write nothing; show what would change as a unified diff")
	f.BoolVarP(&o.recursive, "recursive", "r", false, "take the files of folders below as well")
	return cmd
}

// formatted says whether a folder's file is one that fmt takes by itself.
func formatted(name string) bool {
	return strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".sixtyvars")
}

// files lists what to format, each file once.
func (o *fmtOptions) files(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		st, err := os.Stat(arg)
		switch {
		case arg == "-":
			return nil, usagef("- is standard input and stands alone")
		case err != nil:
			return nil, usagef("%w", err)
		case !st.IsDir() && strings.HasSuffix(arg, ".json"):
			return nil, usagef("%s is JSON, and sixty fmt formats HCL; jq . formats JSON", arg)
		case !st.IsDir():
			out = append(out, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && path != arg && (!o.recursive || skipped(entry.Name())):
				return fs.SkipDir
			case entry.Type().IsRegular() && formatted(entry.Name()):
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for files to format: %w", err)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// skipped folders hold what others wrote: version control, build products,
// packages.
func skipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "target" || dir == "node_modules"
}

// format gives the source in the usual format; what is no HCL is refused.
func format(src []byte, name string) ([]byte, hcl.Diagnostics) {
	if diags := lang.Guard(src, name); diags.HasErrors() {
		return nil, diags
	}
	if _, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos); diags.HasErrors() {
		return nil, diags
	}
	return hclwrite.Format(src), nil
}

func (a *app) formatStdin(o *fmtOptions, in io.Reader) error {
	src, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	const name = "<stdin>"
	out, diags := format(src, name)
	if diags.HasErrors() {
		return &deploy.DiagnosticsError{Diagnostics: diags, Files: map[string]*hcl.File{name: {Bytes: src}}}
	}
	switch {
	case o.diff:
		_, err = a.stdout.Write(diff.Diff(name, src, name, out))
	case !o.check:
		_, err = a.stdout.Write(out)
	}
	if err == nil && o.check && !bytes.Equal(src, out) {
		return errNo
	}
	return err
}

// formatFiles goes through all files even when some can't be read, so that
// every mistake is told.
func (a *app) formatFiles(o *fmtOptions, files []string) error {
	broken := &deploy.DiagnosticsError{Files: map[string]*hcl.File{}}
	changed := 0
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return usagef("%w", err)
		}
		out, diags := format(src, name)
		if diags.HasErrors() {
			broken.Diagnostics = append(broken.Diagnostics, diags...)
			broken.Files[name] = &hcl.File{Bytes: src}
			continue
		}
		if bytes.Equal(src, out) {
			continue
		}
		changed++
		if o.diff {
			fmt.Fprintf(a.stdout, "%s", diff.Diff(name, src, name+" (formatted)", out))
		} else {
			fmt.Fprintln(a.stdout, name)
		}
		if o.check || o.diff {
			continue
		}
		if err := replaceFile(name, out); err != nil {
			return fmt.Errorf("format %s: %w", name, err)
		}
	}
	switch {
	case broken.Diagnostics.HasErrors():
		return broken
	case o.check && changed > 0:
		return errNo
	}
	return nil
}

// replaceFile changes a file's content in one step and keeps its mode and, as
// far as that is allowed, its owner. A link stays one.
func replaceFile(name string, content []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if owner, ok := st.Sys().(*syscall.Stat_t); ok {
		tmp.Chown(int(owner.Uid), int(owner.Gid)) //nolint:errcheck // allowed to root alone, and to no one where it would change something
	}
	_, err = tmp.Write(content)
	if err := errors.Join(err, tmp.Chmod(st.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
