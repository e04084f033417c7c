// Command bench measures what sixty costs: the same gates on the same crates,
// once as bare cargo commands one after the other and once through sixty
// deploy, in turn, and the ratio of the two.
//
// Both sides use the same toolchain: the bare commands run in a chroot of the
// image that sixty's steps start from. Both find their crates downloaded and
// unpacked, so no time on the network counts. Every run has to pass in full, or
// there is no result. It needs Linux and root, as sixty's own engine does.
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

type options struct {
	rounds   int
	packs    []string
	coverage bool
	force    bool
	dir      string
	image    string
	sixty    string
	page     string
}

func parse(args []string) (options, error) {
	o := options{}
	cache, err := os.UserCacheDir()
	if err != nil {
		return o, fmt.Errorf("no cache folder: %w; set XDG_CACHE_HOME", err)
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	list := f.String("packs", "cli,macro-lib", "packs to measure, of "+strings.Join(packs, ", "))
	all := f.Bool("all", false, "measure every pack")
	f.IntVar(&o.rounds, "rounds", 3, "how often each case is measured")
	f.BoolVar(&o.coverage, "coverage", true, "measure a bare coverage run as well; it compiles everything once more, and has its own column")
	f.BoolVar(&o.force, "force", false, "measure on a busy machine too; the page says that it was one")
	f.StringVar(&o.dir, "dir", filepath.Join(cache, "sixty", "bench"), "folder for everything that the benchmark makes")
	f.StringVar(&o.image, "image", filepath.Join(cache, "sixty", "images", "rust"), "OCI layout that sixty image build rust made")
	f.StringVar(&o.sixty, "sixty", "bin/sixty", "the command to measure")
	f.StringVar(&o.page, "page", "docs/benchmarks.md", "page to write the figures to; none when empty")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds is at least 1, not %d", o.rounds)
	}
	o.packs = strings.Split(*list, ",")
	if *all {
		o.packs = packs
	}
	for _, p := range o.packs {
		if !slices.Contains(packs, p) {
			return o, fmt.Errorf("there is no pack %q; the packs are %s", p, strings.Join(packs, ", "))
		}
	}
	for _, p := range []*string{&o.dir, &o.image, &o.sixty} {
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
	if err == nil {
		err = ownNamespace()
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run prepares both sides, measures them, and writes the figures down.
func run(ctx context.Context, o options) error {
	m, err := thisMachine()
	if err != nil {
		return err
	}
	if m.busy() {
		if !o.force {
			return fmt.Errorf("the load average is %.1f on %d cores, so the figures would be of other programs; wait, or add -force", m.load, m.cores)
		}
		fmt.Fprintf(os.Stderr, "Warning: the load average is %.1f on %d cores: trust the ratios only, and little\n", m.load, m.cores)
	}
	started := time.Now().UTC()
	unlock, err := lock(o.dir)
	if err != nil {
		return err
	}
	defer unlock()
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	var all []result
	for round := 1; round <= o.rounds; round++ {
		for _, pack := range o.packs {
			results, err := b.round(ctx, pack, round)
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", pack, round, err)
			}
			all = append(all, results...)
		}
	}
	if m.loadAfter, err = loadAverage(); err != nil {
		return err
	}
	if err := b.clean(); err != nil {
		return err
	}
	p := page{machine: m, versions: b.versions, started: started, rounds: o.rounds, coverage: o.coverage, rows: summarize(all)}
	fmt.Print(p.table())
	if o.page == "" {
		return nil
	}
	if err := os.WriteFile(o.page, []byte(p.markdown()), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	fmt.Println("Written to", o.page)
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
