package main

import (
	"errors"
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

// rows gathers the results that count by pack and case, in their order.
func (r *record) rows() []row {
	if r.Gates == nil {
		return nil
	}
	type key struct{ pack, name, side string }
	var rows []row
	walls, cpus := map[key][]time.Duration{}, map[key][]time.Duration{}
	for _, res := range r.Gates.Results {
		k := key{res.Pack, res.Case, res.Side}
		if !slices.ContainsFunc(rows, func(known row) bool { return known.pack == res.Pack && known.name == res.Case }) {
			rows = append(rows, row{pack: res.Pack, name: res.Case, sides: map[string]figures{}})
		}
		if res.Failed == "" {
			walls[k], cpus[k] = append(walls[k], res.wall), append(cpus[k], res.cpu)
		}
	}
	for k, w := range walls {
		at := slices.IndexFunc(rows, func(known row) bool { return known.pack == k.pack && known.name == k.name })
		rows[at].sides[k.side] = figures{spent{median(w), median(cpus[k])}, slices.Min(w), slices.Max(w)}
	}
	return rows
}

// missing says what was to be measured and was not, and why.
func (r *record) missing() []string {
	var all []string
	if g := r.Gates; g == nil {
		all = append(all, "the gates of the packs: not run")
	} else {
		for round := 1; round <= g.Rounds; round++ {
			for _, pack := range g.Packs {
				all = append(all, g.missing(pack, round)...)
			}
		}
	}
	switch {
	case r.First == nil:
		all = append(all, "first run on a fresh machine: not run")
	case r.First.Failed != "":
		all = append(all, "first run on a fresh machine: failed: "+oneLine(r.First.Failed))
	}
	for _, s := range growthSeries {
		for _, n := range s.sizes {
			if r.Growth == nil || !slices.ContainsFunc(r.Growth.Sizes, func(g grown) bool { return g.Series == s.name && g.Crates == n }) {
				all = append(all, fmt.Sprintf("growth, %d %s: not run", n, s.name))
			}
		}
	}
	return all
}

func (g *gatesRecord) missing(pack string, round int) (all []string) {
	none := true
	for _, name := range cases {
		for _, side := range g.Sides {
			if !measures(side, name) {
				continue
			}
			at := slices.IndexFunc(g.Results, func(res result) bool {
				return res.Pack == pack && res.Round == round && res.Case == name && res.Side == side
			})
			what := fmt.Sprintf("%s, round %d, %s, %s", pack, round, name, side)
			switch {
			case at < 0:
				all = append(all, what+": not run")
				continue
			case g.Results[at].Failed != "":
				all = append(all, what+": failed: "+oneLine(g.Results[at].Failed))
			}
			none = false
		}
	}
	if none {
		return []string{fmt.Sprintf("%s, round %d: not run", pack, round)}
	}
	return all
}

// failures is an error for every run that failed.
func (r *record) failures() error {
	var errs []error
	if r.Gates != nil {
		for _, res := range r.Gates.Results {
			if res.Failed != "" {
				errs = append(errs, fmt.Errorf("%s, round %d, %s, %s: %s", res.Pack, res.Round, res.Case, res.Side, res.Failed))
			}
		}
	}
	if r.First != nil && r.First.Failed != "" {
		errs = append(errs, fmt.Errorf("first run: %s", r.First.Failed))
	}
	return errors.Join(errs...)
}

// begin forgets the parts that are measured anew.
func (r *record) begin(o options) {
	for _, part := range o.parts {
		switch part {
		case partGates:
			r.Gates = nil
		case partFirst:
			r.First = nil
		case partGrowth:
			r.Growth = nil
		}
	}
}

func pair(f spent) string {
	if f.wall == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f / %.2f", f.wall.Seconds(), f.cpu.Seconds())
}

func ratio(a, b time.Duration) string {
	if a <= 0 || b <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds())
}

// each is what one of n takes.
func each(s spent, n int) string {
	return fmt.Sprintf("%.3f / %.3f", s.wall.Seconds()/float64(n), s.cpu.Seconds()/float64(n))
}

// verdicts is the page for a terminal: what the figures say of each bar.
func (r *record) verdicts() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, v := range r.bars() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.bar, v.about, v.value, strings.Trim(v.said(), "*"))
	}
	w.Flush() //nolint:errcheck // it writes to memory
	return b.String()
}

// document writes Markdown.
type document struct{ strings.Builder }

func (d *document) line(cells ...string) { fmt.Fprintf(d, "| %s |\n", strings.Join(cells, " | ")) }

func (d *document) head(cells ...string) {
	d.line(cells...)
	d.line(slices.Repeat([]string{"---"}, len(cells))...)
}

// where says on what a part was measured.
func (d *document) where(t taken, rounds int) {
	if t.Machine.busy() {
		d.WriteString("**Taken under load**: other programs kept the machine busy, so seconds mean nothing and ratios little.\n\n")
	}
	fmt.Fprintf(d, "%s; %s, %d cores, %.0f GiB, Linux %s, load average %.1f before; %s", t.Started.Format("2006-01-02 15:04 UTC"),
		t.Machine.Model, t.Machine.Cores, float64(t.Machine.Memory)/(1<<30), t.Machine.Kernel, t.Machine.Load, t.Versions.Sixty)
	for _, version := range []string{t.Versions.Engine, t.Versions.Cargo, t.Versions.Rustc} {
		if version != "" {
			d.WriteString("; " + version)
		}
	}
	if t.Versions.Buildx != "" {
		d.WriteString("; buildx " + t.Versions.Buildx)
	}
	fmt.Fprintf(d, "; image `%s`", t.Versions.Image)
	if rounds > 0 {
		fmt.Fprintf(d, "; rounds: %d", rounds)
	}
	d.WriteString(".\n\n")
}

// markdown is the page for the documentation.
func (r *record) markdown() string {
	d := &document{}
	d.WriteString(intro)
	d.head("bar", "of", "measured", "")
	for _, v := range r.bars() {
		d.line(v.bar, v.about, v.value, v.said())
	}
	if missing := r.missing(); len(missing) > 0 {
		d.WriteString("\nNot measured:\n\n")
		for _, m := range missing {
			d.WriteString("- " + m + "\n")
		}
	}
	r.gatesTo(d)
	if f := r.First; f != nil && f.Failed == "" {
		d.WriteString("\n## First run\n\n")
		d.where(f.taken, 0)
		fmt.Fprintf(d, "`sixty deploy --template %s%s` without cache, image, crates and key took %.1f s, and %.1f s of CPU time.\n",
			packPrefix, f.Pack, f.Spent.wall.Seconds(), f.Spent.cpu.Seconds())
	}
	if g := r.Growth; g != nil && len(g.Sizes) > 0 {
		d.WriteString("\n## Growth\n\n")
		d.where(g.taken, 0)
		d.WriteString("Wall / CPU in seconds, on the engine that stays.\n\n")
		d.head("what", "crates", "all new", "for each crate", "one line changed", "for each crate", "unchanged", "for each crate")
		for _, s := range g.Sizes {
			d.line(s.Series, fmt.Sprint(s.Crates), pair(s.Fresh), each(s.Fresh, s.Crates), pair(s.Changed), each(s.Changed, s.Crates), pair(s.Unchanged), each(s.Unchanged, s.Crates))
		}
	}
	d.WriteString(caveats)
	return d.String()
}

func (r *record) gatesTo(d *document) {
	rows := r.rows()
	if len(rows) == 0 {
		return
	}
	d.WriteString("\n## Gates\n\n")
	d.where(r.Gates.taken, r.Gates.Rounds)
	d.WriteString("Medians, wall / CPU in seconds.\n\n")
	sides := []string{sideBare, sideHand, sideSixty, sideOwn, sideBake}
	if slices.Contains(r.Gates.Sides, sideCoverage) {
		sides = append(sides, sideCoverage)
	}
	d.head(append([]string{"pack", "case"}, sides...)...)
	for _, row := range rows {
		cells := []string{row.pack, row.name}
		for _, side := range sides {
			cells = append(cells, pair(row.sides[side].spent))
		}
		d.line(cells...)
	}
	d.WriteString("\nsixty beside the others, wall / CPU as ratios:\n\n")
	d.head("pack", "case", "/ bare", "/ by hand", "/ buildx bake")
	for _, row := range rows {
		if row.name == caseNew {
			continue
		}
		cells, ours := []string{row.pack, row.name}, row.sides[sideSixty]
		for _, side := range []string{sideBare, sideHand, sideBake} {
			cells = append(cells, ratio(ours.wall, row.sides[side].wall)+" / "+ratio(ours.cpu, row.sides[side].cpu))
		}
		d.line(cells...)
	}
	if r.Gates.Rounds > 1 {
		d.WriteString("\nHow far the wall times were apart, least to most:\n\n")
		d.head(append([]string{"pack", "case"}, sides...)...)
		for _, row := range rows {
			cells := []string{row.pack, row.name}
			for _, side := range sides {
				cells = append(cells, spread(row.sides[side]))
			}
			d.line(cells...)
		}
	}
	if m, known := r.memory(); known {
		fmt.Fprintf(d, "\nMemory: the engine holds %d MB when nothing runs; the command %d MB while it waits for steps, and %d MB at its peak.\n", m.Engine>>20, m.Command>>20, m.Peak>>20)
	}
}

func spread(f figures) string {
	if f.most == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f – %.2f", f.least.Seconds(), f.most.Seconds())
}

const intro = `# Benchmarks

What does a clean room cost? ` + "`make bench`" + ` runs the gates of each pack's crate as bare cargo commands, by the best script that we
know, through sixty, and through docker buildx bake on the same engine, in turn. ` + "`make bench-growth`" + ` measures how cost grows. Both
write this page, of the figures in [benchmarks.json](benchmarks.json) alone; what they say of each bar is computed.

`

const caveats = `
## What is compared

- **bare**: ` + "`cargo build --release`, `test`, `clippy --all-targets`, `fmt --check`, `doc --no-deps`, `package`" + ` with its
  verification, and every example and benchmark once; one after the other, with cargo's defaults, in one target folder, in a
  chroot of the image that sixty uses.
- **by hand**: the best that we know how to do with cargo alone, [hand.sh](../bench/hand.sh): the same compiles as sixty's, coverage
  included, two at a time where dependencies are compiled, in the same chroot.
- **sixty**: the whole process of ` + "`sixty deploy --manifest`" + ` to the signed report, with the engine that stays (` + "`sixty serve`" + `), as runs
  have it by default. **own engine** is the same with an engine that starts and ends with the run.
- **buildx bake**: [a Dockerfile](../bench/bake/Dockerfile) with cargo-chef and a stage for each gate, on a BuildKit of the same build and with
  the same settings as sixty's, which stays as well; its image has the crates in it. It does less: no coverage, no build of the
  packed archive, no publish dry run, no audit, no signature.
- **cold**: no dependency is compiled. **one line changed**: they are, and a line of the library is new. **unchanged**: the last
  run once more. **new crate**: one of another name with the same lockfile, generated and judged.
- **first run**: an empty home and cache, and everything from the network: Debian's packages for the image, crates from crates.io.
- **growth**: small crates without dependencies, as members of one workspace through the built-in pipeline, and each by itself in a
  stage with a ` + "`matrix`" + ` of them.

What to keep in mind:

- Crates are downloaded and unpacked, and the image is unpacked, on all sides and before the clock starts, but for the first run.
- sixty does more than the bare commands: a publish dry run, an audit where there is a database, and coverage, which its one
  compile for tests and lints gives along.
- When a line changed, bare cargo compiles incrementally, and of a workspace only the members that the line reaches; by hand,
  only the latter. sixty compiles in full what changed and all members that no other one needs, and takes from its cache
  what was [compiled ahead](concepts.md#compiled-ahead).
- Unchanged, sixty and bake answer from results whose inputs are the same to the byte; bare cargo runs the tests again.
- CPU is user and system time of all processes, those of engines included. What the kernel does on its own account, such as
  writing back, is in none.
- Memory is what the kernel counts as resident. Pages of the program itself that two processes share count twice.
`
