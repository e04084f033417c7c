package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// As cargo's build.rustc-wrapper sixty-init is called with the compiler and its
// arguments
// (https://doc.rust-lang.org/cargo/reference/config.html#buildrustc-wrapper).
//
// `cargo check` and `cargo doc` ask for the metadata of every dependency,
// which takes a third of what compiling them takes, and `cargo build` has
// written that very metadata, under another hash in the file's name. Where a
// build has been asked for the same, by the same compiler with the same flags,
// environment and dependencies, its file is linked to the name that is asked
// for now. Everything else goes to the compiler.

// unit is one call of the compiler for a library.
type unit struct {
	// stem is what begins the names of the outputs, out-dir/libNAME-HASH, and
	// info the path of the list of what was read.
	stem, info string
	// links says that code is made, and not metadata alone.
	links bool
	// key is the identity of what the compiler is asked for, names of outputs
	// left out.
	key string
}

func wrapRustc(units string, command []string) error {
	u, ok := newUnit(units, command)
	switch {
	case !ok:
	case u.links:
		if err := u.remember(units); err != nil {
			return err
		}
	default:
		done, err := u.reuse(units)
		if err != nil || done {
			return err
		}
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("find the compiler: %w", err)
	}
	return fmt.Errorf("run %s: %w", program, unix.Exec(program, command, os.Environ()))
}

// outputFlags say where and how something is put out, or only matter for
// machine code.
var outputFlags = []string{
	"--emit", "--out-dir", "--json", "--error-format", "--diagnostic-width", "--color",
	"-Cmetadata", "-Cextra-filename", "-Clto", "-Cembed-bitcode", "-Clinker-plugin-lto", "-Cstrip", "-Csplit-debuginfo",
}

// checksums is the file of a vendored package with the checksum of each of its
// files (https://doc.rust-lang.org/cargo/reference/source-replacement.html#directory-sources).
const checksums = ".cargo-checksum.json"

// newUnit reads the compiler's arguments; false means that they are for
// something else than a library out of a registry.
func newUnit(units string, command []string) (unit, bool) {
	source, err := os.ReadFile(filepath.Join(os.Getenv("CARGO_MANIFEST_DIR"), checksums))
	if err != nil || os.Getenv("CARGO_PRIMARY_PACKAGE") != "" {
		return unit{}, false
	}
	flags := normalize(command[1:])
	value := func(name string) string {
		for _, f := range flags {
			if v, ok := strings.CutPrefix(f, name+"="); ok {
				return v
			}
		}
		return ""
	}
	name, extra, dir := value("--crate-name"), value("-Cextra-filename"), value("--out-dir")
	emit := strings.Split(value("--emit"), ",")
	if name == "" || extra == "" || dir == "" || !slices.Contains(emit, "metadata") ||
		slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "@") || f == "-" || f == "--test" }) {
		return unit{}, false
	}
	var asked []string
	for _, f := range flags {
		flag, val, _ := strings.Cut(f, "=")
		switch {
		case slices.Contains(outputFlags, flag):
		case flag == "--crate-type" && val != "lib" && val != "rlib":
			return unit{}, false
		case flag == "--extern":
			asked = append(asked, externKey(units, val))
		default:
			asked = append(asked, f)
		}
	}
	u := unit{stem: filepath.Join(dir, "lib"+name+extra), info: filepath.Join(dir, name+extra+".d"), links: slices.Contains(emit, "link")}
	where, err := os.Getwd()
	if err != nil {
		return unit{}, false
	}
	text, err := json.Marshal([][]string{{command[0], where, string(source)}, asked, environmentKey(os.Environ())})
	if err != nil {
		return unit{}, false
	}
	sum := sha256.Sum256(text)
	u.key = hex.EncodeToString(sum[:])
	return u, true
}

// normalize writes each flag and its value as one, "-C name=value" as
// -Cname=value.
func normalize(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		next := i+1 < len(args)
		switch arg := args[i]; {
		case arg == "-C" && next:
			i++
			out = append(out, "-C"+args[i])
		case arg == "--codegen" && next:
			i++
			out = append(out, "-C"+args[i])
		case strings.HasPrefix(arg, "-") && arg != "-" && !strings.Contains(arg, "=") && next && !strings.HasPrefix(args[i+1], "-") && takesValue(arg):
			i++
			out = append(out, arg+"="+args[i])
		default:
			out = append(out, arg)
		}
	}
	return out
}

// takesValue reports whether a flag's value may be the next argument.
func takesValue(flag string) bool {
	return slices.Contains([]string{
		"--crate-name", "--crate-type", "--emit", "--out-dir", "--extern", "--cfg", "--check-cfg", "--cap-lints", "--edition",
		"--target", "--error-format", "--json", "--color", "--diagnostic-width", "--sysroot", "--remap-path-prefix", "-L", "-l", "-o",
	}, flag)
}

// externKey is a dependency by what it was compiled from, where that is known,
// and not by the name of the file that it happens to be in.
func externKey(units, value string) string {
	name, path, _ := strings.Cut(value, "=")
	stem := strings.TrimSuffix(strings.TrimSuffix(path, ".rmeta"), ".rlib")
	if key, err := os.ReadFile(filepath.Join(units, filepath.Base(stem))); err == nil && stem != path {
		return "--extern=" + name + "=" + string(key)
	}
	return "--extern=" + value
}

// ownVariables of cargo and shells differ between two commands without any
// effect on what is compiled.
var ownVariables = []string{"CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS", "_", "SHLVL", "OLDPWD"}

func environmentKey(env []string) []string {
	kept := slices.DeleteFunc(slices.Clone(env), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(ownVariables, name)
	})
	slices.Sort(kept)
	return kept
}

// remember says under the unit's key where its metadata will be.
func (u unit) remember(units string) error {
	return errors.Join(u.name(units), writeWhole(filepath.Join(units, u.key), u.stem))
}

// name says which key the file is of.
func (u unit) name(units string) error {
	return writeWhole(filepath.Join(units, filepath.Base(u.stem)), u.key)
}

// reuse links the metadata of a build to the unit's name, if there is any.
func (u unit) reuse(units string) (bool, error) {
	stem, err := os.ReadFile(filepath.Join(units, u.key))
	if err != nil {
		return false, nil //nolint:nilerr // nothing to reuse: it is compiled
	}
	built := string(stem)
	infoOf := filepath.Join(filepath.Dir(built), strings.TrimPrefix(filepath.Base(built), "lib")+".d")
	info, err := os.ReadFile(infoOf)
	if err != nil {
		return false, nil //nolint:nilerr // nothing to reuse: it is compiled
	}
	if err := os.Remove(u.stem + ".rmeta"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.Link(built+".rmeta", u.stem+".rmeta"); errors.Is(err, fs.ErrNotExist) {
		return false, nil // the build has failed
	} else if err != nil {
		return false, fmt.Errorf("reuse %s.rmeta: %w", built, err)
	}
	info = bytes.ReplaceAll(info, []byte(infoOf), []byte(u.info))
	info = bytes.ReplaceAll(info, []byte(built), []byte(u.stem))
	return true, errors.Join(os.WriteFile(u.info, info, 0o644), u.name(units))
}

// writeWhole makes a file appear whole or not at all: compilers run side by
// side.
func writeWhole(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone when renamed
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
