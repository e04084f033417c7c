package cargo

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// maxBenchmarks bounds the benchmarks of one log.
const maxBenchmarks = 10_000

// Benchmark is one that ran.
type Benchmark struct {
	Name string `json:"name"`
	// NsPerIter is nil where the benchmark only ran once, to see that it works.
	NsPerIter *float64 `json:"ns_per_iter"`
}

// BenchReport is what a run of the benchmarks said, each of them run once
// (`cargo test --benches`, `cargo bench -- --test`) or measured.
type BenchReport struct {
	// Programs are the benchmark programs that cargo started.
	Programs []string `json:"programs"`
	// Benchmarks are those that say their name: libtest's own, and criterion's
	// in test mode. Other harnesses print what they like; for those a program
	// and cargo's exit code is all there is to know.
	Benchmarks []Benchmark `json:"benchmarks"`
	Failed     []string    `json:"failed"`
}

var (
	benchLine     = regexp.MustCompile(`^test (.+) \.\.\. bench:\s+([0-9,]+(?:\.[0-9]+)?) ns/iter`)
	criterionLine = regexp.MustCompile(`^Testing (.+)$`)
)

// ParseBenches reads the outputs of a benchmark run.
func ParseBenches(stdout, stderr []byte) *BenchReport {
	out := &BenchReport{Programs: []string{}, Benchmarks: []Benchmark{}, Failed: []string{}}
	for _, p := range startedPrograms(stderr) {
		out.Programs = append(out.Programs, p.name)
	}
	testing := "" // criterion says "Testing name", and "Success" after it
	for raw := range bytes.Lines(stdout) {
		line := cleanLine(raw)
		if len(out.Benchmarks)+len(out.Failed) >= maxBenchmarks {
			break
		}
		if m := benchLine.FindStringSubmatch(line); m != nil {
			b := Benchmark{Name: clipTo(m[1], 1000)}
			if ns, err := strconv.ParseFloat(strings.ReplaceAll(m[2], ",", ""), 64); err == nil {
				b.NsPerIter = &ns
			}
			out.Benchmarks = append(out.Benchmarks, b)
		} else if m := testLine.FindStringSubmatch(line); m != nil && m[2] == "ok" {
			out.Benchmarks = append(out.Benchmarks, Benchmark{Name: clipTo(m[1], 1000)})
		} else if m != nil && m[2] == "FAILED" {
			out.Failed = append(out.Failed, clipTo(m[1], 1000))
		} else if m := criterionLine.FindStringSubmatch(line); m != nil {
			testing = clipTo(m[1], 1000)
		} else if line == "Success" && testing != "" {
			out.Benchmarks = append(out.Benchmarks, Benchmark{Name: testing})
			testing = ""
		}
	}
	if testing != "" {
		out.Failed = append(out.Failed, testing)
	}
	return out
}
