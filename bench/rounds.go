package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
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
	// caseNew is a crate of another name with the same dependencies, generated
	// and judged.
	caseNew = "new crate"
)

var cases = []string{caseCold, caseChanged, caseUnchanged, caseNew}

// The sides.
const (
	sideBare = "bare"
	// sideCoverage is apart from the other bare gates because sixty's one compile
	// for tests, lints and coverage has no bare counterpart.
	sideCoverage = "bare coverage"
	// sideHand is hand.sh.
	sideHand = "by hand"
	// sideSixty is sixty as it is by default, with the engine that stays, and
	// sideOwn with one inside the run.
	sideSixty = "sixty"
	sideOwn   = "sixty, own engine"
	sideBake  = "buildx bake"
)

// mainSides are those that can be asked for; the others go with one of them.
var mainSides = []string{sideBare, sideHand, sideSixty, sideBake}

// measures tells whether a side has a part in a case.
func measures(side, name string) bool {
	switch side {
	case sideOwn:
		return name == caseUnchanged
	case sideCoverage:
		return name == caseCold
	default:
		return name != caseNew || side == sideSixty
	}
}

// bench is a prepared benchmark.
type bench struct {
	dir      string
	bare     chroot
	sixty    command
	baker    *baker // nil without that side
	versions versions
}

type versions struct {
	Sixty  string `json:"sixty"`
	Engine string `json:"engine,omitempty"`
	Cargo  string `json:"cargo"`
	Rustc  string `json:"rustc"`
	Buildx string `json:"buildx,omitempty"`
	Image  string `json:"image"`
}

// prepare makes both sides ready up to what is measured: image unpacked, crates
// downloaded and unpacked, nothing compiled that a measured run could reuse.
func prepare(ctx context.Context, o options) (*bench, error) {
	img, err := openImage(o.image)
	if err != nil {
		return nil, err
	}
	progress("unpacking the image for the bare commands")
	b := &bench{dir: o.dir}
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
	progress("unpacking the image for sixty")
	if err := b.sixty.takeIn(ctx); err != nil {
		return nil, err
	}
	var manifests []string
	for _, pack := range o.packs {
		dir := filepath.Join(o.dir, "src", "prepare_"+crateName(pack))
		if _, err := b.sixty.generate(ctx, pack, crateName(pack), dir); err != nil {
			return nil, err
		}
		progress("%s: downloading and unpacking crates for sixty", pack)
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
	set, err := b.bare.vendor(ctx, manifests, filepath.Join(o.dir, "crates"))
	if err != nil {
		return nil, err
	}
	if err := b.readVersions(ctx); err != nil {
		return nil, err
	}
	if slices.Contains(o.sides, sideBake) {
		if b.baker, err = newBaker(ctx, o, b.bare, img, set); err != nil {
			return nil, err
		}
		b.versions.Buildx = buildxVersion
	}
	return b, nil
}

func (b *bench) readVersions(ctx context.Context) (err error) {
	v := versions{Image: b.sixty.image}
	if v.Sixty, err = b.sixty.version(ctx); err != nil {
		return err
	}
	for _, tool := range []struct {
		name string
		out  *string
	}{{"cargo", &v.Cargo}, {"rustc", &v.Rustc}} {
		_, out, err := measure(b.bare.command(ctx, "/", nil, tool.name, "--version"))
		if err != nil {
			return err
		}
		*tool.out = strings.TrimSpace(string(out))
	}
	b.versions = v
	return nil
}

// close ends what was started and removes what is not worth keeping.
func (b *bench) close(ctx context.Context) error {
	err := errors.Join(b.sixty.release(context.WithoutCancel(ctx)), b.baker.stop())
	if b.baker != nil {
		err = errors.Join(err, b.baker.clean())
	}
	return errors.Join(err, b.clean())
}

// clean removes what runs leave behind. What is dear to make and the same for
// every run stays: the image, unpacked or not, downloaded crates and tools.
func (b *bench) clean() error {
	for _, dir := range []string{filepath.Join(b.dir, "src"), b.bare.work(), b.sixty.cache(), b.sixty.out()} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	return nil
}

func crateName(pack string) string { return "bench_" + strings.ReplaceAll(pack, "-", "_") }

// subject is a fresh crate, with what each side needs to know of it.
type subject struct {
	pack  string
	round int
	// source is its folder, on which sixty and buildx work.
	source string
	// bare and hand are the names of the copies in the chroot.
	bare, hand string
	gates      []gate
	handEnv    []string
	bakeEnv    []string
}

func (s *subject) manifest() string { return filepath.Join(s.source, "Cargo.toml") }

// marked makes a crate's dependencies other than those of any other round.
// Cargo's configuration decides how they are compiled, so a new one, though it
// says nothing, is a reason for sixty and cargo-chef to compile them anew. For
// bare cargo the new target folder is.
func (b *bench) marked(ctx context.Context, pack, name, dir string, round int) (spent, error) {
	s, err := b.sixty.generate(ctx, pack, name, dir)
	if err != nil {
		return s, err
	}
	return s, write(filepath.Join(dir, ".cargo", "config.toml"), fmt.Sprintf("# Round %d.\n", round))
}

func (b *bench) newSubject(ctx context.Context, pack string, round int) (*subject, error) {
	s := &subject{pack: pack, round: round}
	s.bare = fmt.Sprintf("round%d_%s", round, crateName(pack))
	s.hand = "hand_" + s.bare
	s.source = filepath.Join(b.dir, "src", s.bare)
	if _, err := b.marked(ctx, pack, crateName(pack), s.source, round); err != nil {
		return nil, err
	}
	var err error
	if s.gates, err = gatesOf(s.manifest()); err != nil {
		return nil, err
	}
	if s.handEnv, err = byHand(s.manifest()); err != nil {
		return nil, err
	}
	if s.bakeEnv, err = bakeArgs(s.manifest()); err != nil {
		return nil, err
	}
	for _, name := range []string{s.bare, s.hand} {
		if err := os.CopyFS(b.bare.path(name), os.DirFS(s.source)); err != nil {
			return nil, fmt.Errorf("copy the crate: %w", err)
		}
	}
	return s, nil
}

// round takes a fresh crate through all cases, on all sides in turn; the side
// that begins changes with the round. Each result is handed to got at once. A side
// that fails has no part in the later cases, which build on the earlier ones; an
// error is one of the whole round.
func (b *bench) round(ctx context.Context, o options, pack string, round int, got func(result) error) error {
	s, err := b.newSubject(ctx, pack, round)
	if err != nil {
		return err
	}
	engine := 0
	if slices.Contains(o.sides, sideSixty) {
		if engine, err = b.sixty.keep(ctx); err != nil {
			return err
		}
	}
	failed := map[string]bool{}
	for _, name := range cases {
		if name == caseChanged {
			for _, dir := range []string{s.source, b.bare.path(s.bare), b.bare.path(s.hand)} {
				if err := addLine(filepath.Join(dir, "src", "lib.rs"), fmt.Sprintf("const _: u32 = %d;", round)); err != nil {
					return err
				}
			}
		}
		for _, side := range order(o.measured(), round) {
			if !measures(side, name) || failed[side] || failed[sideSixty] && side == sideOwn {
				continue
			}
			r := result{Pack: pack, Case: name, Side: side, Round: round}
			err := b.measure(ctx, s, engine, &r)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				r.Failed, failed[side] = b.plain(err), true
				progress("%s, round %d, %s: %s failed: %v", pack, round, name, side, err)
			} else {
				progress("%s, round %d, %s: %s %s", pack, round, name, side, r.spent)
			}
			if err := got(r); err != nil {
				return err
			}
		}
	}
	// Nobody reads what was compiled any more, and it is large.
	return errors.Join(os.RemoveAll(b.bare.path(s.bare)), os.RemoveAll(b.bare.path(s.hand)))
}

// plain is an error's text for a record: places on this machine mean nothing to
// whoever reads it.
func (b *bench) plain(err error) string {
	return strings.NewReplacer(b.sixty.path, "sixty", b.dir, "DIR").Replace(err.Error())
}

// order is the order of the sides in a round. An engine inside the run ends the
// one that stays, so it comes last.
func order(sides []string, round int) []string {
	sides = slices.Clone(sides)
	if round%2 == 0 {
		slices.Reverse(sides)
	}
	slices.SortStableFunc(sides, func(a, b string) int {
		last := map[bool]int{true: 1}
		return last[a == sideOwn] - last[b == sideOwn]
	})
	return sides
}

// measure measures a case on a side.
func (b *bench) measure(ctx context.Context, s *subject, engine int, r *result) (err error) {
	switch {
	case r.Side == sideBare || r.Side == sideCoverage:
		r.spent, err = b.runBare(ctx, s, r)
	case r.Side == sideHand:
		r.spent, err = b.bare.runHand(ctx, s.hand, s.handEnv)
	case r.Side == sideBake:
		r.spent, err = b.baker.gates(ctx, r.Case, s.source, s.bakeEnv)
	case r.Side == sideOwn:
		var took ran
		took, _, err = b.sixty.deploy(ctx, r.Case, s.manifest(), 0)
		r.spent = took.spent
	case r.Case == caseNew:
		dir := s.source + "_new"
		generated, err := b.marked(ctx, s.pack, "new_"+crateName(s.pack), dir, s.round)
		if err != nil {
			return err
		}
		if engine, err = b.sixty.keep(ctx); err != nil {
			return err
		}
		took, _, err := b.sixty.deploy(ctx, r.Case, filepath.Join(dir, "Cargo.toml"), engine)
		r.spent = generated.plus(took.spent)
		return err
	default:
		var took ran
		took, b.versions.Engine, err = b.sixty.deploy(ctx, r.Case, s.manifest(), engine)
		r.spent = took.spent
		if r.Case == caseCold {
			time.Sleep(time.Second) // it gives memory back when nothing runs
			r.Memory = &memory{Command: took.rest, Peak: took.peak, Engine: residentOf(engine)}
		}
	}
	return err
}

func (b *bench) runBare(ctx context.Context, s *subject, r *result) (total spent, err error) {
	for _, g := range s.gates {
		if g.coverage != (r.Side == sideCoverage) {
			continue
		}
		took, err := b.bare.run(ctx, s.bare, g)
		if err != nil {
			return total, err
		}
		progress("%s, %s: bare %s %s", s.pack, r.Case, g.name, took)
		total = total.plus(took)
	}
	return total, nil
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
