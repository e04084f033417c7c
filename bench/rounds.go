package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The cases that are measured, in the order in which a crate goes through
// them.
const (
	// caseCold has no compiled dependencies.
	caseCold = "cold"
	// caseChanged has them, and one line of the crate differs from the last run.
	caseChanged = "one line changed"
	// caseUnchanged repeats the last run.
	caseUnchanged = "unchanged"
)

// result is one measured run of one side.
type result struct {
	pack, name, side string
	spent
}

// The sides. Bare coverage is apart from the other bare gates because sixty's
// one compile for tests, lints and coverage has no bare counterpart.
const (
	sideBare     = "bare"
	sideCoverage = "bare coverage"
	sideSixty    = "sixty"
	// sideHand is hand.sh.
	sideHand = "by hand"
	// sideServed is sixty with the engine that an earlier run has left running.
	sideServed = "sixty, engine running"
)

// bench is a prepared benchmark.
type bench struct {
	dir      string
	coverage bool
	bare     chroot
	sixty    command
	versions versions
}

type versions struct{ sixty, cargo, rustc, engine, image string }

// prepare makes both sides ready up to what is measured: image unpacked, crates
// downloaded and unpacked, nothing compiled that a measured run could reuse.
func prepare(ctx context.Context, o options) (*bench, error) {
	img, err := openImage(o.image)
	if err != nil {
		return nil, err
	}
	progress("unpacking the image for the bare commands")
	b := &bench{dir: o.dir, coverage: o.coverage}
	if b.bare, err = newChroot(ctx, img, o.dir); err != nil {
		return nil, err
	}
	b.sixty = command{path: o.sixty, dir: o.dir, image: img.digest}
	if err := b.clean(); err != nil {
		return nil, err
	}
	if err := b.sixty.takeImage(o.image); err != nil {
		return nil, err
	}
	var manifests []string
	for _, pack := range o.packs {
		dir := filepath.Join(o.dir, "src", "prepare_"+crateName(pack))
		if err := b.sixty.generate(ctx, pack, crateName(pack), dir); err != nil {
			return nil, err
		}
		progress("%s: setting sixty up", pack)
		manifest := filepath.Join(dir, "Cargo.toml")
		if err := b.sixty.setup(ctx, manifest); err != nil {
			return nil, err
		}
		manifests = append(manifests, manifest)
	}
	if used, err := openImage(b.sixty.images()); err != nil {
		return nil, err
	} else if used.digest != img.digest {
		return nil, fmt.Errorf("sixty does not take the image in %s for the built-in pipeline's and has made another: make it anew with sixty image build rust", o.image)
	}
	progress("downloading and unpacking crates for the bare commands")
	if err := b.bare.vendor(ctx, manifests, filepath.Join(o.dir, "crates")); err != nil {
		return nil, err
	}
	return b, b.readVersions(ctx)
}

func (b *bench) readVersions(ctx context.Context) (err error) {
	v := versions{image: b.sixty.image}
	if v.sixty, err = b.sixty.version(ctx); err != nil {
		return err
	}
	for _, tool := range []struct {
		name string
		out  *string
	}{{"cargo", &v.cargo}, {"rustc", &v.rustc}} {
		_, out, err := measure(b.bare.command(ctx, "/", nil, tool.name, "--version"))
		if err != nil {
			return err
		}
		*tool.out = strings.TrimSpace(string(out))
	}
	b.versions = v
	return nil
}

// clean removes what runs leave behind. What is dear to make and the same for
// every run stays: the image, unpacked or not, and downloaded crates.
func (b *bench) clean() error {
	for _, dir := range []string{filepath.Join(b.dir, "src"), b.bare.work(), b.sixty.cache(), b.sixty.out()} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	return nil
}

func crateName(pack string) string { return "bench_" + strings.ReplaceAll(pack, "-", "_") }

// round takes a fresh crate through all cases, on both sides in turn. The side
// that begins changes with the round.
func (b *bench) round(ctx context.Context, pack string, round int) ([]result, error) {
	source := filepath.Join(b.dir, "src", fmt.Sprintf("round%d_%s", round, crateName(pack)))
	if err := b.sixty.generate(ctx, pack, crateName(pack), source); err != nil {
		return nil, err
	}
	// Cargo's configuration decides how dependencies are compiled, so a new
	// one, though it says nothing, is a reason for sixty to compile them anew.
	// For bare cargo the new target folder is.
	config := filepath.Join(source, ".cargo", "config.toml")
	if err := write(config, fmt.Sprintf("# Round %d.\n", round)); err != nil {
		return nil, err
	}
	gates, err := gatesOf(filepath.Join(source, "Cargo.toml"))
	if err != nil {
		return nil, err
	}
	hand, err := byHand(filepath.Join(source, "Cargo.toml"))
	if err != nil {
		return nil, err
	}
	bareName := filepath.Base(source)
	handName := "hand_" + bareName
	for _, name := range []string{bareName, handName} {
		if err := os.CopyFS(b.bare.path(name), os.DirFS(source)); err != nil {
			return nil, fmt.Errorf("copy the crate: %w", err)
		}
	}
	var all []result
	for _, name := range []string{caseCold, caseChanged, caseUnchanged} {
		if name == caseChanged {
			for _, dir := range []string{source, b.bare.path(bareName), b.bare.path(handName)} {
				if err := addLine(filepath.Join(dir, "src", "lib.rs"), fmt.Sprintf("const _: u32 = %d;", round)); err != nil {
					return nil, err
				}
			}
		}
		sides := []func() error{
			func() error {
				results, err := b.runBare(ctx, pack, name, bareName, gates)
				all = append(all, results...)
				return err
			},
			func() error {
				s, err := b.bare.runHand(ctx, handName, hand)
				all = append(all, result{pack, name, sideHand, s})
				progress("%s, round %d, %s: by hand %s", pack, round, name, s)
				return err
			},
			func() error {
				s, engine, err := b.sixty.deploy(ctx, name, filepath.Join(source, "Cargo.toml"))
				all = append(all, result{pack, name, sideSixty, s})
				b.versions.engine = engine
				progress("%s, round %d, %s: sixty %s", pack, round, name, s)
				return err
			},
		}
		if round%2 == 0 {
			slices.Reverse(sides)
		}
		if name == caseUnchanged {
			sides = append(sides, func() error {
				s, err := b.sixty.served(ctx, filepath.Join(source, "Cargo.toml"))
				all = append(all, result{pack, name, sideServed, s})
				progress("%s, round %d, %s: sixty with its engine running %s", pack, round, name, s)
				return err
			})
		}
		for _, side := range sides {
			if err := side(); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	// Nobody reads what was compiled any more, and it is large.
	return all, errors.Join(os.RemoveAll(b.bare.path(bareName)), os.RemoveAll(b.bare.path(handName)))
}

func (b *bench) runBare(ctx context.Context, pack, name, crate string, gates []gate) ([]result, error) {
	total := spent{}
	var all []result
	for _, g := range gates {
		if g.coverage && !b.coverage {
			continue
		}
		s, err := b.bare.run(ctx, crate, g)
		if err != nil {
			return nil, err
		}
		progress("%s, %s: bare %s %s", pack, name, g.name, s)
		if g.coverage {
			all = append(all, result{pack, name, sideCoverage, s})
			continue
		}
		total = total.plus(s)
	}
	return append(all, result{pack, name, sideBare, total}), nil
}

// addLine puts a line before a Rust file's first module or import.
func addLine(path, line string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("change one line: %w", err)
	}
	lines := strings.Split(string(data), "\n")
	for i, l := range lines {
		if !startsItem(l) {
			continue
		}
		// What stands right above belongs to the item.
		for i > 0 && (strings.HasPrefix(lines[i-1], "#[") || strings.HasPrefix(lines[i-1], "///")) {
			i--
		}
		changed := append(append(append([]string{}, lines[:i]...), line), lines[i:]...)
		return write(path, strings.Join(changed, "\n"))
	}
	return fmt.Errorf("change one line: %s has no module and no import to put a line before", path)
}

func startsItem(line string) bool {
	line = strings.TrimPrefix(line, "pub ")
	return strings.HasPrefix(line, "mod ") || strings.HasPrefix(line, "use ") || strings.HasPrefix(line, "extern crate ")
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
