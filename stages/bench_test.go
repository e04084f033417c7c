package stages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
)

// manySteps writes a pipeline of n steps, 50 to a stage.
func manySteps(n int) []byte {
	var b strings.Builder
	b.WriteString("locals { flags = [\"--locked\", \"--jobs\", 4] }\nimage \"i\" { from = \"i\" }\n")
	for i := range n {
		if i%50 == 0 {
			if i > 0 {
				b.WriteString("}\n")
			}
			fmt.Fprintf(&b, "stage \"s%d\" {\n  image = image.i\n", i/50)
		}
		fmt.Fprintf(&b, "  step \"t%d\" {\n    command = concat([\"build\", \"part\"], local.flags)\n    env     = { PART = %d }\n", i, i)
		if i%50 > 0 {
			fmt.Fprintf(&b, "    mount \"/in\" { source = step.t%d.output.out }\n", i-1)
		}
		b.WriteString("    output \"out\" { path = \"/out\" }\n  }\n")
	}
	b.WriteString("}\ngate \"g\" { condition = stage.s0.step.t0.status == \"passed\" }\n")
	return []byte(b.String())
}

// BenchmarkPlan reads, evaluates, plans and checks pipelines of ten times the
// size each; the time per step should stay the same.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		src := manySteps(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cfg, diags := config.Parse(".", []string{"x.hcl"}, map[string][]byte{"x.hcl": src})
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				p, diags := cfg.Evaluate(nil, cty.EmptyObjectVal)
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				g, diags := Plan(Input{Pipeline: p, Images: map[string]plan.Image{"i": {Name: "i"}}})
				diags = append(diags, verdict.Check(p, Metrics(), g)...)
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				if keys, err := plan.Keys(g, "init"); err != nil || len(keys) != n {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/step")
		})
	}
}
