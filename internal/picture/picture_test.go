package picture

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/preview"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile is text that tries to be more than text, in any of the forms.
const hostile = `"]</script><script>alert(1)</script>&amp;--> "a\" <x onload='y'>` + "\n\u202e\x00"

func last(status plan.Status, cached bool, ms int64) *preview.LastRun {
	return &preview.LastRun{At: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), Status: status, Cached: cached, DurationMS: ms}
}

// sample has every look of a node and of an edge.
func sample() preview.Plan {
	return preview.Plan{CrateName: "demo", CrateVersion: "1.0.0", Stages: []preview.Stage{
		{Name: "concept"},
		{Name: "setup", Steps: []preview.Step{
			{ID: "setup.vendor", LastRun: last(plan.StatusPassed, true, 12)},
			{ID: "setup.dependencies", Needs: []string{"setup.vendor"}, LastRun: last(plan.StatusPassed, true, 8)},
		}},
		{Name: "testing", Steps: []preview.Step{
			{ID: "testing.fmt", Needs: []string{"setup.vendor", "setup.dependencies"}, LastRun: last(plan.StatusPassed, false, 840)},
			{ID: "testing.a-step-with-quite-a-long-name", Needs: []string{"setup.dependencies"}, LastRun: last(plan.StatusFailed, false, 61_000)},
			{ID: "testing.off", Skipped: "its condition is false", After: []string{"testing.fmt"}},
		}},
		{Name: "validation", Steps: []preview.Step{
			{ID: "validation.package", Needs: []string{"setup.dependencies"}, Command: []string{"cargo", "package"}},
			{ID: "validation.late", Needs: []string{"testing.fmt"}, After: []string{"validation.package"}, LastRun: last(plan.StatusTimedOut, false, 5000)},
		}},
	}}
}

func TestGolden(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"plan.dot": DOT(sample()), "plan.mmd": Mermaid(sample()), "plan.svg": SVG(sample()), "plan.html": page} {
		file = "testdata/" + file
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; go test -update and look at the picture", file)
		}
	}
}

func TestEdgesThatFollowFromOthers(t *testing.T) {
	edges := func(d diagram) string {
		var out []string
		for _, e := range d.edges {
			out = append(out, d.nodes[e.from].id+">"+d.nodes[e.to].id)
		}
		return strings.Join(out, " ")
	}
	all, drawn := edges(newDiagram(sample(), true)), edges(newDiagram(sample(), false))
	if !strings.Contains(all, "setup.vendor>testing.fmt") || strings.Contains(drawn, "setup.vendor>testing.fmt") {
		t.Errorf("all: %s\ndrawn: %s", all, drawn)
	}
	if !strings.Contains(drawn, "setup.dependencies>testing.fmt") || !strings.Contains(drawn, "validation.package>validation.late") {
		t.Errorf("drawn: %s", drawn)
	}
}

// random is a plan of a few stages with edges in any direction that has no
// cycle.
func random(seed uint64) preview.Plan {
	r := rand.New(rand.NewPCG(seed, 0))
	var p preview.Plan
	var ids []string
	for s := range 1 + r.IntN(6) {
		stage := preview.Stage{Name: fmt.Sprint("s", s)}
		for n := range r.IntN(8) {
			ids = append(ids, fmt.Sprintf("s%d.n%d", s, n))
			stage.Steps = append(stage.Steps, preview.Step{ID: ids[len(ids)-1]})
		}
		p.Stages = append(p.Stages, stage)
	}
	// A step waits for those before it in a random order, so some edges lead to
	// an earlier stage.
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	place := map[string]int{}
	for i, id := range ids {
		place[id] = i
	}
	for i := range p.Stages {
		for j := range p.Stages[i].Steps {
			step := &p.Stages[i].Steps[j]
			for range r.IntN(4) {
				if at := place[step.ID]; at > 0 {
					step.Needs = append(step.Needs, ids[r.IntN(at)])
				}
			}
		}
	}
	return p
}

func overlap(a, b box) bool {
	return a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h
}

func inside(a, b box) bool {
	return a.x >= b.x && a.y >= b.y && a.x+a.w <= b.x+b.w && a.y+a.h <= b.y+b.h
}

func TestLayout(t *testing.T) {
	for seed := range uint64(300) {
		d := drawn(random(seed))
		l := arrange(d)
		whole := box{0, 0, l.width, l.height}
		for i, n := range l.nodes {
			if !inside(n, l.groups[d.nodes[i].group]) || !inside(n, whole) {
				t.Fatalf("seed %d: node %s is not in its stage", seed, d.nodes[i].id)
			}
			for j := range l.nodes[:i] {
				if overlap(n, l.nodes[j]) {
					t.Fatalf("seed %d: nodes %s and %s overlap", seed, d.nodes[i].id, d.nodes[j].id)
				}
			}
		}
		for i, g := range l.groups {
			for j := range l.groups[:i] {
				if overlap(g, l.groups[j]) {
					t.Fatalf("seed %d: stages %d and %d overlap", seed, i, j)
				}
			}
		}
		for _, line := range l.lines {
			from, to := l.nodes[line.edge.from], l.nodes[line.edge.to]
			begin, end := line.way[0], line.way[len(line.way)-1]
			if math.Abs(begin.x-from.x-from.w) > 0.01 || math.Abs(end.x-to.x) > 0.01 || math.Abs(end.y-to.y-to.h/2) > 0.01 {
				t.Fatalf("seed %d: an edge does not join its nodes", seed)
			}
			for leg := 1; leg < len(line.way); leg++ {
				a, b := line.way[leg-1], line.way[leg]
				if a.y != b.y || leg%2 == 1 { // only what passes a column
					continue
				}
				for i, n := range l.nodes {
					if overlap(n, box{a.x, a.y - 1, b.x - a.x, 2}) {
						t.Fatalf("seed %d: an edge runs through %s", seed, d.nodes[i].id)
					}
				}
			}
		}
	}
}

// Text of a plan stays text in every form.
func TestHostileText(t *testing.T) {
	p := sample()
	p.CrateName = hostile
	p.Stages[1].Name = hostile
	p.Stages[1].Steps[0].ID = hostile + "." + hostile
	p.Stages[1].Steps[1].ID = hostile + ".b"
	p.Stages[1].Steps[1].Command = []string{hostile}
	p.Stages[1].Steps[1].Needs = []string{hostile + "." + hostile}
	decoder := xml.NewDecoder(strings.NewReader(SVG(p)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "x") {
			t.Errorf("the SVG has an element %s", e.Name.Local)
		}
	}
	page, err := HTML(p)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("the page has %d scripts", n)
	}
	_, rest, _ := strings.Cut(page, `id="data">`)
	data, _, _ := strings.Cut(rest, "</script>")
	var all map[string]details
	if err := json.Unmarshal([]byte(data), &all); err != nil || all[hostile+".b"].Title != hostile+".b" {
		t.Errorf("data of the page: %v", err)
	}
	for _, line := range strings.Split(DOT(p), "\n") {
		// What is left without quoted strings are the words of the language.
		if bare := unquoted(line); strings.ContainsAny(bare, "<'&") || strings.Contains(bare, "alert") {
			t.Errorf("DOT: %s", line)
		}
	}
	for _, line := range strings.Split(Mermaid(p), "\n") {
		if bare := unquoted(line); strings.Contains(bare, "alert") || strings.Contains(bare, "script") {
			t.Errorf("Mermaid: %s", line)
		}
	}
}

// unquoted is a line without its quoted strings.
func unquoted(line string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(line); i++ {
		switch {
		case in && line[i] == '\\':
			i++
		case line[i] == '"':
			in = !in
		case !in:
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

// A page loads nothing from elsewhere.
func TestPageStandsAlone(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	page = strings.ReplaceAll(page, "http://www.w3.org/2000/svg", "")
	for _, loads := range []string{"http:", "https:", "src=", "@import", "<link", "url(h"} {
		if strings.Contains(page, loads) {
			t.Errorf("the page has %q", loads)
		}
	}
}

// large is a plan of stages with 50 steps each.
func large(stages int) preview.Plan {
	var p preview.Plan
	for s := range stages {
		stage := preview.Stage{Name: fmt.Sprint("s", s)}
		for n := range 50 {
			step := preview.Step{ID: fmt.Sprintf("s%d.n%d", s, n), LastRun: last(plan.StatusPassed, n%2 == 0, 5)}
			if s > 0 {
				step.Needs = []string{fmt.Sprintf("s%d.n%d", s-1, n)}
			}
			stage.Steps = append(stage.Steps, step)
		}
		p.Stages = append(p.Stages, stage)
	}
	return p
}

// A large plan is drawn by its stages, and is no larger for it.
func TestLarge(t *testing.T) {
	p := large(200)
	svg := SVG(p)
	if n := strings.Count(svg, `data-id="`); n != 200 {
		t.Errorf("%d nodes, want the 200 stages", n)
	}
	if len(svg) > 300_000 {
		t.Errorf("the picture has %d bytes", len(svg))
	}
	page, err := HTML(p)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, "s199") || !strings.Contains(page, "the picture shows stages") || len(page) > 2_000_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	if n := strings.Count(DOT(p), " -> "); n != 199*50 {
		t.Errorf("DOT has %d edges", n)
	}
	p.Stages[7].Steps[3].LastRun = last(plan.StatusFailed, false, 5)
	if !strings.Contains(SVG(p), `class="node failed" data-id="s7"`) {
		t.Error("a failed step does not show in its stage")
	}
	if d := drawn(large(MaxSteps / 50)); d.byStage || len(d.nodes) != MaxSteps {
		t.Errorf("%d steps are drawn as %d nodes, by stage: %v", MaxSteps, len(d.nodes), d.byStage)
	}
}

func TestNothing(t *testing.T) {
	for _, p := range []preview.Plan{{}, {Stages: []preview.Stage{{Name: "only"}}}} {
		if page, err := HTML(p); err != nil || !strings.Contains(page, "</svg>") {
			t.Error(page, err)
		}
		if !bytes.Contains([]byte(DOT(p)+Mermaid(p)), []byte("flowchart")) {
			t.Error("no flowchart")
		}
	}
}

func BenchmarkSVG(b *testing.B) {
	p := large(200)
	for b.Loop() {
		SVG(p)
	}
}
