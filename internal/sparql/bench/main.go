// Command bench measures the SPARQL engine side by side with others: the npm
// package oxigraph on node and, if asked, Apache Jena on Java. Same documents, same
// queries, one run.
//
//	go run ./internal/sparql/bench -dir build/bench-rdf -peers oxigraph,jena
//
// It generates the data, installs the peers into the folder if they are not there
// (npm, Maven), measures the engines in turn and prints a table with ratios; a
// ratio above 1 says that this engine is faster. It fails if the engines disagree
// on a number of results, or, with -bar, if this engine is slower than a peer in
// anything or takes more than three seconds to load a million triples.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
)

func main() {
	dir := flag.String("dir", "", "folder for data and the peer (default: a temporary one)")
	sizes := flag.String("triples", "100000,1000000", "sizes to measure, in triples")
	runs := flag.Int("runs", 5, "runs of each query, after one to warm up")
	names := flag.String("peers", "oxigraph", "engines to compare with: oxigraph, jena, or both with a comma; may be empty")
	bar := flag.Bool("bar", false, "fail where the engine is not fast enough")
	flag.Parse()
	if err := bench(context.Background(), *dir, *sizes, *names, *runs, *bar); err != nil {
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

func bench(ctx context.Context, dir, sizes, names string, runs int, bar bool) error {
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
	var others []peer
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		p, ok := peers[name]
		if !ok {
			return fmt.Errorf("-peers: unknown engine %q", name)
		}
		if err := p.prepare(ctx, dir); err != nil {
			return err
		}
		others = append(others, p)
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
		theirs := make([][]measurement, len(others))
		for i, p := range others {
			if theirs[i], err = p.measure(ctx, dir, file, runs); err != nil {
				return err
			}
		}
		fmt.Printf("\n%d triples written\n", written)
		problems = append(problems, report(ours, others, theirs, n, bar)...)
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

// loadBar is the most that loading a million triples may take.
const loadBar = 3000

// report prints the table and gives what is not as it should be.
func report(ours []measurement, others []peer, theirs [][]measurement, triples int, bar bool) (problems []error) {
	fmt.Printf("%-18s %10s %12s", "", "results", "ours")
	for _, p := range others {
		fmt.Printf(" %12s %8s", p.name, "ratio")
	}
	fmt.Println()
	for i, m := range ours {
		fmt.Printf("%-18s %10d %12.1f", m.Name, m.Count, m.Millis)
		for j, p := range others {
			their := theirs[j][i]
			fmt.Printf(" %12.1f %7.1fx", their.Millis, their.Millis/m.Millis)
			if m.Count != their.Count {
				problems = append(problems, fmt.Errorf("%s: %d results, %s has %d", m.Name, m.Count, p.name, their.Count))
			}
			if bar && m.Millis > their.Millis {
				problems = append(problems, fmt.Errorf("%s: slower than %s", m.Name, p.name))
			}
		}
		fmt.Println()
	}
	if bar && ours[0].Millis > loadBar*max(float64(triples)/1e6, 0.1) {
		problems = append(problems, fmt.Errorf("load: slower than %d ms for a million triples", loadBar))
	}
	return problems
}
