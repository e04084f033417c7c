// Command bench measures what sixty costs: the same gates on the same crates as
// bare cargo commands, by the best script that we know, through sixty deploy and
// through docker buildx bake on the same engine, in turn.
//
// All sides use the same toolchain: the bare commands run in a chroot of the
// image that steps start from. All find their crates downloaded and unpacked, so
// no time on the network counts. A run has to pass in full, or it does not count. It needs Linux and root, as sixty's own engine does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// packs are those that ship with sixty; packPrefix and a name here are the
// identifier.
var packs = []string{"cli", "macro-lib", "axum-service"}

const packPrefix = "io.sixty.rust."

// The parts of a benchmark.
const (
	partGates  = "gates"
	partFirst  = "first"
	partGrowth = "growth"
)

var parts = []string{partGates, partFirst, partGrowth}

type options struct {
	rounds   int
	parts    []string
	packs    []string
	sides    []string
	coverage bool
	force    bool
	dir      string
	image    string
	sixty    string
	benchd   string
	page     string
	// render writes the page of the figures that there are, and measures nothing.
	render bool
}

// measured are the sides, with those that go along.
func (o options) measured() []string {
	var all []string
	for _, side := range o.sides {
		all = append(all, side)
		switch {
		case side == sideBare && o.coverage:
			all = append(all, sideCoverage)
		case side == sideSixty:
			all = append(all, sideOwn)
		}
	}
	return all
}

// listed reads a comma-separated list whose elements have to be among known.
func listed(what, text string, known []string) ([]string, error) {
	list := strings.Split(text, ",")
	for _, e := range list {
		if !slices.Contains(known, e) {
			return nil, fmt.Errorf("there is no %s %q; there are %s", what, e, strings.Join(known, ", "))
		}
	}
	return list, nil
}

func parse(args []string) (options, error) {
	o := options{}
	cache, err := os.UserCacheDir()
	if err != nil {
		return o, fmt.Errorf("no cache folder: %w; set XDG_CACHE_HOME", err)
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	partList := f.String("parts", partGates+","+partFirst, "what to measure, of "+strings.Join(parts, ","))
	packList := f.String("packs", strings.Join(packs, ","), "packs whose gates are measured")
	sideList := f.String("sides", strings.Join(mainSides, ","), "what is compared")
	all := f.Bool("all", false, "measure every part")
	f.IntVar(&o.rounds, "rounds", 3, "how often each case is measured")
	f.BoolVar(&o.coverage, "coverage", false, "measure a bare coverage run as well; it compiles everything once more, and has its own column")
	f.BoolVar(&o.force, "force", false, "measure on a busy machine too; the page says that it was one")
	f.StringVar(&o.dir, "dir", filepath.Join(cache, "sixty", "bench"), "folder for everything that the benchmark makes")
	f.StringVar(&o.image, "image", filepath.Join(cache, "sixty", "images", "rust"), "OCI layout that sixty image build rust made")
	f.StringVar(&o.sixty, "sixty", "bin/sixty", "the command to measure")
	f.StringVar(&o.benchd, "benchd", "bin/benchd", "sixty's engine for docker buildx bake")
	f.StringVar(&o.page, "page", "docs/benchmarks.md", "page to write; the figures stand beside it as JSON; neither when empty")
	f.BoolVar(&o.render, "render", false, "write the page anew, of the figures that there are")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds is at least 1, not %d", o.rounds)
	}
	if o.parts, err = listed("part", *partList, parts); err != nil {
		return o, err
	}
	if *all {
		o.parts = parts
	}
	if o.packs, err = listed("pack", *packList, packs); err != nil {
		return o, err
	}
	if o.sides, err = listed("side", *sideList, mainSides); err != nil {
		return o, err
	}
	for _, p := range []*string{&o.dir, &o.image, &o.sixty, &o.benchd} {
		if *p, err = filepath.Abs(*p); err != nil {
			return o, err
		}
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil && o.render {
		err = render(o.page)
	} else if err == nil {
		err = ownNamespace()
	}
	if err == nil && !o.render {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func render(page string) error {
	j, err := openJournal(page)
	if err != nil {
		return err
	}
	return j.save()
}

// run measures the parts one after the other and writes down what there is of
// them whenever something was measured.
func run(ctx context.Context, o options) (err error) {
	m, err := thisMachine()
	if err != nil {
		return err
	}
	if m.busy() {
		if !o.force {
			return fmt.Errorf("the load average is %.1f on %d cores, so the figures would be of other programs; wait, or add -force", m.Load, m.Cores)
		}
		fmt.Fprintf(os.Stderr, "Warning: the load average is %.1f on %d cores: trust the ratios only, and little\n", m.Load, m.Cores)
	}
	unlock, err := lock(o.dir)
	if err != nil {
		return err
	}
	defer unlock()
	j, err := openJournal(o.page)
	if err != nil {
		return err
	}
	j.begin(o)
	if err := j.save(); err != nil {
		return err
	}
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	t := taken{Started: time.Now().UTC().Truncate(time.Second), Machine: m, Versions: b.versions}
	for _, part := range o.parts {
		switch part {
		case partGates:
			err = b.gates(ctx, o, t, j)
		case partFirst:
			err = b.first(ctx, t, j)
		case partGrowth:
			err = b.growth(ctx, o, t, j)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	fmt.Print(j.verdicts())
	if o.page != "" {
		fmt.Println("Written to", o.page, "and", j.figures())
	}
	return j.failures()
}

// gates measures the gates of the packs.
func (b *bench) gates(ctx context.Context, o options, t taken, j *journal) error {
	j.Gates = &gatesRecord{taken: t, Rounds: o.rounds, Packs: o.packs, Sides: o.measured()}
	for round := 1; round <= o.rounds; round++ {
		for _, pack := range o.packs {
			err := b.round(ctx, o, pack, round, func(r result) error {
				j.Gates.Versions = b.versions
				j.Gates.Results = append(j.Gates.Results, r)
				return j.save()
			})
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", pack, round, err)
			}
		}
	}
	return nil
}

// lock keeps a second benchmark out of a folder until unlock or the end of the
// process.
func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the benchmark's folder: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another benchmark uses %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}

// namespaceMark tells the program that it has started itself anew.
const namespaceMark = "SIXTY_BENCH_NAMESPACE"

// ownNamespace moves the program into a mount namespace of its own, so that
// what it mounts ends with it, however it ends. A namespace belongs to a
// thread, and only a program that starts anew has all of its threads in it.
func ownNamespace() error {
	if os.Getenv(namespaceMark) != "" {
		return os.Unsetenv(namespaceMark)
	}
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWNS | syscall.CLONE_FS); err != nil {
		return fmt.Errorf("make a mount namespace: %w: the benchmark needs root", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), namespaceMark+"=1"))
}
