// Command lang measures how long sixty takes to read, check and plan a pipeline
// of many steps, beside docker buildx bake --print over an equivalent file.
//
//	go run ./bench/lang -sixty bin/sixty
//
// It writes the files, builds buildx from the Go module proxy outside of the
// repository, runs all commands in turn, and prints the median of their wall
// times, and the CPU time and peak memory of the median run. Every command has to
// succeed and to show all steps, or there is no result.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

type options struct {
	sizes  []int
	rounds int
	dir    string
	sixty  string
	buildx string
}

func main() {
	o := options{}
	sizes := flag.String("sizes", "100,1000,10000", "numbers of steps")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each command is measured, after one round that is not")
	flag.StringVar(&o.dir, "dir", "", "folder for the files and buildx (default: a temporary one)")
	flag.StringVar(&o.sixty, "sixty", "bin/sixty", "the command to measure")
	flag.StringVar(&o.buildx, "buildx", "v0.38.2", "version of buildx to compare with; none when empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, os.Stdout, o, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, out io.Writer, o options, sizes string) (err error) {
	for _, s := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("-sizes takes numbers, not %q", s)
		}
		o.sizes = append(o.sizes, n)
	}
	if o.sixty, err = filepath.Abs(o.sixty); err != nil {
		return err
	}
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "bench-lang-"); err != nil {
			return fmt.Errorf("make a folder for the benchmark: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	}
	var commands []command
	for _, n := range o.sizes {
		c, err := prepare(ctx, o, n)
		if err != nil {
			return err
		}
		commands = append(commands, c...)
	}
	runs := make([][]run, len(commands))
	for round := range o.rounds + 1 {
		for i, c := range commands {
			r, err := c.measure(ctx)
			if err != nil {
				return err
			}
			if round > 0 {
				runs[i] = append(runs[i], r)
			}
		}
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "steps\tcommand\twall s\tCPU s\tpeak MB\tms/step")
	for i, c := range commands {
		slices.SortFunc(runs[i], func(a, b run) int { return int(a.wall - b.wall) })
		m := runs[i][len(runs[i])/2]
		fmt.Fprintf(w, "%d\t%s\t%.3f\t%.3f\t%d\t%.3f\n", c.steps, c.name, m.wall.Seconds(), m.cpu.Seconds(), m.peak>>20, m.wall.Seconds()*1000/float64(c.steps))
	}
	return w.Flush()
}

// command is one that is measured.
type command struct {
	name  string
	steps int
	args  []string
	dir   string
	// shows is text that its output has once for each step.
	shows string
}

// prepare writes the files for n steps.
func prepare(ctx context.Context, o options, n int) ([]command, error) {
	dir := filepath.Join(o.dir, strconv.Itoa(n))
	files := layout()
	for name, text := range map[string]string{
		"pipeline.hcl":     pipeline(n),
		"docker-bake.hcl":  bake(n),
		"crate/Cargo.toml": "[package]\nname = \"c\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"crate/Cargo.lock": "version = 4\n\n[[package]]\nname = \"c\"\nversion = \"0.1.0\"\n",
		"crate/src/lib.rs": "",
	} {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
	}
	commands := []command{
		{"sixty validate", n, []string{o.sixty, "validate", "pipeline.hcl"}, dir, ""},
		{"sixty plan --json", n, []string{o.sixty, "plan", "--json", "--manifest", "crate/Cargo.toml"}, dir, `"id": `},
	}
	if o.buildx != "" {
		program, err := buildx(ctx, o)
		if err != nil {
			return nil, err
		}
		commands = append(commands, command{"buildx bake --print", n, []string{program, "bake", "--print"}, dir, `"context": `})
	}
	return commands, nil
}

// buildx builds the program once.
func buildx(ctx context.Context, o options) (string, error) {
	program := filepath.Join(o.dir, "bin", "buildx")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintln(os.Stderr, "building buildx", o.buildx)
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/docker/buildx/cmd/buildx@"+o.buildx)
	cmd.Dir = o.dir // no go.mod of ours
	cmd.Env = append(os.Environ(), "GOBIN="+filepath.Dir(program), "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build buildx: %w\n%s", err, out)
	}
	return program, nil
}

// run is what one run took.
type run struct {
	wall, cpu time.Duration
	peak      int64 // of memory, in bytes
}

func (c command) measure(ctx context.Context) (run, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &out, &said
	cmd.Env = append(os.Environ(), "SIXTY_CACHE_DIR="+filepath.Join(c.dir, "cache"), "BUILDX_CONFIG="+filepath.Join(c.dir, "buildx"))
	started := time.Now()
	err := cmd.Run()
	r := run{wall: time.Since(started)}
	if err != nil {
		return r, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, said.String())
	}
	if c.shows != "" {
		if shown := strings.Count(out.String(), c.shows); shown < c.steps {
			return r, fmt.Errorf("%s shows %d of %d steps", strings.Join(c.args, " "), shown, c.steps)
		}
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = usage.Maxrss << 10
	}
	return r, nil
}
