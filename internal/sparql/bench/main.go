// Command bench measures the SPARQL engine side by side with the npm package
// oxigraph on node: the same documents, the same queries, one run.
//
//	go run ./internal/sparql/bench -dir build/bench-rdf
//
// It generates the data, installs oxigraph into the folder if it is not there,
// measures both engines in turn and prints a table with ratios; a ratio above 1
// says that this engine is faster. It fails if the engines disagree on a number
// of rows, or, with -bar, if this engine is slower in a query or takes more than
// three seconds to load a million triples.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "embed"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
)

//go:embed peer.mjs
var peerScript []byte

func main() {
	dir := flag.String("dir", "", "folder for data and the peer (default: a temporary one)")
	sizes := flag.String("triples", "100000,1000000", "sizes to measure, in triples")
	runs := flag.Int("runs", 5, "runs of each query, after one to warm up")
	peer := flag.String("peer", "oxigraph@0.5.11", "npm package to compare with, or none")
	bar := flag.Bool("bar", false, "fail where the engine is not fast enough")
	flag.Parse()
	if err := bench(context.Background(), *dir, *sizes, *peer, *runs, *bar); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurement is the time of one thing done by one engine, and how many triples
// or rows came of it.
type measurement struct {
	Name   string  `json:"name"`
	Millis float64 `json:"millis"` // median of the runs
	Count  int     `json:"count"`
}

func bench(ctx context.Context, dir, sizes, peer string, runs int, bar bool) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "bench-rdf-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if peer != "none" {
		if err := installPeer(ctx, dir, peer); err != nil {
			return err
		}
	}
	fmt.Printf("%s, %d processors; times in ms, median of %d runs\n", runtime.Version(), runtime.NumCPU(), runs)
	var problems []error
	for _, size := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil {
			return fmt.Errorf("-triples: %w", err)
		}
		file, written, err := writeData(dir, n)
		if err != nil {
			return err
		}
		ours, err := measure(ctx, file, runs)
		if err != nil {
			return err
		}
		var theirs []measurement
		if peer != "none" {
			if theirs, err = measurePeer(ctx, dir, file, runs); err != nil {
				return err
			}
		}
		fmt.Printf("\n%d triples written\n", written)
		problems = append(problems, report(ours, theirs, n, bar)...)
	}
	return errors.Join(problems...)
}

func writeData(dir string, n int) (file string, triples int, err error) {
	file = filepath.Join(dir, fmt.Sprintf("people-%d.ttl", n))
	f, err := os.Create(file)
	if err != nil {
		return "", 0, err
	}
	triples, err = generate(f, n)
	return file, triples, errors.Join(err, f.Close())
}

// timed runs f after a warm-up, and gives the median time.
func timed(runs int, f func() (int, error)) (measurement, error) {
	var times []float64
	var m measurement
	for i := range runs + 1 {
		start := time.Now()
		count, err := f()
		if err != nil {
			return m, err
		}
		if i > 0 {
			times = append(times, float64(time.Since(start).Microseconds())/1000)
		}
		m.Count = count
	}
	slices.Sort(times)
	m.Millis = times[len(times)/2]
	return m, nil
}

func measure(ctx context.Context, file string, runs int) ([]measurement, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var store *sparql.Store
	load, err := timed(2, func() (int, error) {
		var err error
		store, err = sparql.Load(ctx, sparql.Source{
			Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
			Format:  rdf.Turtle,
			Options: rdf.Options{File: file},
		})
		if err != nil {
			return 0, err
		}
		return store.Len(), nil
	})
	if err != nil {
		return nil, err
	}
	load.Name = "load"
	all := []measurement{load}
	for _, q := range queries {
		m, err := timed(runs, func() (int, error) {
			result, err := store.Query(ctx, queryPrefixes+q.text, sparql.Options{})
			if err != nil {
				return 0, err
			}
			return answerSize(result.Rows), nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		m.Name = q.name
		all = append(all, m)
	}
	return all, nil
}

// answerSize is the number of rows, or what a query that only counts says.
func answerSize(rows [][]rdf.Term) int {
	if len(rows) == 1 && len(rows[0]) == 1 {
		if n, err := strconv.Atoi(rows[0][0].Value); err == nil {
			return n
		}
	}
	return len(rows)
}

func installPeer(ctx context.Context, dir, peer string) error {
	if err := os.WriteFile(filepath.Join(dir, "peer.mjs"), peerScript, 0o644); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oxigraph")); err == nil {
		return nil
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, peer)
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install %s: %w\n%s", peer, err, out)
	}
	return nil
}

func measurePeer(ctx context.Context, dir, file string, runs int) ([]measurement, error) {
	texts := make([]map[string]string, len(queries))
	for i, q := range queries {
		texts[i] = map[string]string{"name": q.name, "text": queryPrefixes + q.text}
	}
	input, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	node := exec.CommandContext(ctx, "node", "--max-old-space-size=8192", "peer.mjs", file, strconv.Itoa(runs))
	node.Dir, node.Stdin, node.Stderr = dir, bytes.NewReader(input), os.Stderr
	out, err := node.Output()
	if err != nil {
		return nil, fmt.Errorf("node peer.mjs: %w", err)
	}
	var all []measurement
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("what the peer printed: %w", err)
	}
	return all, nil
}

// loadBar is the most that loading a million triples may take.
const loadBar = 3000

// report prints the table and gives what is not as it should be.
func report(ours, theirs []measurement, triples int, bar bool) (problems []error) {
	fmt.Printf("%-18s %10s %12s %12s %8s\n", "", "results", "ours", "oxigraph", "ratio")
	for i, m := range ours {
		if theirs == nil {
			fmt.Printf("%-18s %10d %12.1f\n", m.Name, m.Count, m.Millis)
			continue
		}
		peer := theirs[i]
		fmt.Printf("%-18s %10d %12.1f %12.1f %7.1fx\n", m.Name, m.Count, m.Millis, peer.Millis, peer.Millis/m.Millis)
		if m.Count != peer.Count {
			problems = append(problems, fmt.Errorf("%s: %d results, the peer has %d", m.Name, m.Count, peer.Count))
		}
		if bar && m.Millis > peer.Millis {
			problems = append(problems, fmt.Errorf("%s: slower than the peer", m.Name))
		}
	}
	if bar && ours[0].Millis > loadBar*float64(triples)/1e6 {
		problems = append(problems, fmt.Errorf("load: slower than %d ms for a million triples", loadBar))
	}
	return problems
}
