package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one case of one pack: the median of each side.
type row struct {
	pack, name string
	sides      map[string]figures
}

// figures are those of one side over all rounds.
type figures struct {
	spent
	// least and most are the extremes of the wall time.
	least, most time.Duration
}

// summarize gathers results by pack and case, in their order.
func summarize(all []result) []row {
	var rows []row
	walls, cpus := map[result][]time.Duration{}, map[result][]time.Duration{}
	for _, r := range all {
		key := result{pack: r.pack, name: r.name, side: r.side}
		walls[key], cpus[key] = append(walls[key], r.wall), append(cpus[key], r.cpu)
		if !slices.ContainsFunc(rows, func(known row) bool { return known.pack == r.pack && known.name == r.name }) {
			rows = append(rows, row{pack: r.pack, name: r.name, sides: map[string]figures{}})
		}
	}
	for _, r := range rows {
		for _, side := range []string{sideBare, sideCoverage, sideHand, sideSixty, sideServed} {
			key := result{pack: r.pack, name: r.name, side: side}
			if w := walls[key]; len(w) > 0 {
				r.sides[side] = figures{spent{median(w), median(cpus[key])}, slices.Min(w), slices.Max(w)}
			}
		}
	}
	return rows
}

// page is what a benchmark has to say.
type page struct {
	machine  machine
	versions versions
	started  time.Time
	rounds   int
	coverage bool
	rows     []row
}

// cells are a row's texts, the same for the terminal and for the page.
func (p page) cells(r row) []string {
	bare, hand, sixty := r.sides[sideBare], r.sides[sideHand], r.sides[sideSixty]
	cells := []string{
		r.pack, r.name, pair(bare), pair(hand), pair(sixty),
		ratio(sixty.wall, bare.wall), ratio(sixty.cpu, bare.cpu), ratio(sixty.wall, hand.wall), ratio(sixty.cpu, hand.cpu),
	}
	if served, ok := r.sides[sideServed]; ok {
		cells = append(cells, pair(served))
	} else {
		cells = append(cells, "–")
	}
	if p.coverage {
		with := bare.plus(r.sides[sideCoverage].spent)
		cells = append(cells, pair(r.sides[sideCoverage]), ratio(sixty.wall, with.wall))
	}
	return cells
}

func (p page) header() []string {
	h := []string{"pack", "case", "bare", "by hand", "sixty", "sixty / bare: wall", "CPU", "sixty / by hand: wall", "CPU", "sixty, engine running"}
	if p.coverage {
		h = append(h, "bare coverage", "sixty / bare with coverage: wall")
	}
	return h
}

func pair(f figures) string {
	return fmt.Sprintf("%.2f / %.2f", f.wall.Seconds(), f.cpu.Seconds())
}

func ratio(a, b time.Duration) string {
	if b <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds())
}

// table is the page for a terminal.
func (p page) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(p.header(), "\t"))
	for _, r := range p.rows {
		fmt.Fprintln(w, strings.Join(p.cells(r), "\t"))
	}
	w.Flush() //nolint:errcheck // it writes to memory
	return b.String()
}

// markdown is the page for the documentation.
func (p page) markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	if p.machine.busy() {
		fmt.Fprintf(&b, "**Taken under load**: other programs kept the machine busy, so seconds mean nothing and ratios little.\n\n")
	}
	fmt.Fprintf(&b, "| | |\n| --- | --- |\n")
	for _, fact := range [][2]string{
		{"date", p.started.Format(time.DateOnly)},
		{"machine", fmt.Sprintf("%s, %d cores, %.0f GiB", p.machine.model, p.machine.cores, float64(p.machine.memory)/(1<<30))},
		{"kernel", p.machine.kernel},
		{"load average", fmt.Sprintf("%.1f before, %.1f after", p.machine.load, p.machine.loadAfter)},
		{"sixty", p.versions.sixty + ", " + p.versions.engine},
		{"toolchain", p.versions.cargo + "; " + p.versions.rustc},
		{"image", "`" + p.versions.image + "`"},
		{"rounds", fmt.Sprint(p.rounds)},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", fact[0], fact[1])
	}
	fmt.Fprintf(&b, "\nMedians, wall / CPU in seconds.\n\n")
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(p.header())
	line(strings.Split(strings.TrimSuffix(strings.Repeat("---,", len(p.header())), ","), ","))
	for _, r := range p.rows {
		line(p.cells(r))
	}
	b.WriteString("\nHow far the wall times were apart, least to most:\n\n| pack | case | bare | by hand | sixty |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range p.rows {
		line([]string{r.pack, r.name, spread(r.sides[sideBare]), spread(r.sides[sideHand]), spread(r.sides[sideSixty])})
	}
	b.WriteString(caveats)
	return b.String()
}

func spread(f figures) string {
	return fmt.Sprintf("%.2f – %.2f", f.least.Seconds(), f.most.Seconds())
}

const intro = `# Benchmarks

What does a clean room cost? ` + "`make bench`" + ` runs the gates of each pack's crate as bare cargo commands and through sixty, in
turn, and writes this page.

`

const caveats = `
What is compared:

- **bare**: ` + "`cargo build --release`, `test`, `clippy --all-targets`, `fmt --check`, `doc --no-deps`, `package`" + ` with its
  verification, and every example and benchmark once; one after the other, with cargo's defaults, in one target folder, in a
  chroot of the image that sixty uses.
- **by hand**: the best that we know how to do with cargo alone, [hand.sh](../bench/hand.sh): the same compiles as sixty's, coverage
  included, two at a time where dependencies are compiled, in the same chroot.
- **sixty**: the whole process of ` + "`sixty deploy --manifest`" + `, from the start of the embedded engine to the signed report.
  **engine running** is the same process where an earlier run has left an engine (` + "`sixty serve`" + `); what that spends itself is not in
  its CPU figure.
- **cold**: no dependency is compiled. **one line changed**: they are, and a line of the library is new. **unchanged**: the
  last run once more.

What to keep in mind:

- Crates are downloaded and unpacked, and the image is unpacked, on all sides and before the clock starts. A first run on a
  fresh machine takes longer, with either.
- sixty does more: a publish dry run, an audit where there is a database, and coverage, which its one compile for tests and
  lints gives along. The columns with bare coverage add what a coverage run by itself takes, with a target folder of its own.
- When a line changed, bare cargo compiles incrementally, and of a workspace only the members that the line reaches; by hand,
  only the latter. sixty compiles every member in full each time: that is the price of a room without leftovers.
- Unchanged, sixty answers from results whose inputs are the same to the byte; bare cargo runs the tests again.
- CPU is user and system time of all processes. What the kernel does on its own account, such as writing back, is in neither.
`
