package config

import (
	"fmt"
	"strings"
	"testing"
)

// pipelineOf writes a pipeline of n steps, 50 to a stage, each after the one
// before it.
func pipelineOf(n int) []byte {
	var b strings.Builder
	b.WriteString("image \"rust\" { from = \"rust\" }\nlocals { jobs = 4 }\n")
	for i := range n {
		if i%50 == 0 {
			if i > 0 {
				b.WriteString("}\n")
			}
			fmt.Fprintf(&b, "stage \"s%d\" {\n  image = image.rust\n", i/50)
		}
		fmt.Fprintf(&b, "  step \"t%d\" {\n    command = [\"echo\", local.jobs]\n", i)
		if i%50 > 0 {
			fmt.Fprintf(&b, "    after = [step.t%d]\n", i-1)
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// BenchmarkEvaluate parses and evaluates pipelines of ten times the size each;
// the time per step should stay the same.
func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		src := pipelineOf(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cfg, diags := Parse(".", []string{"x.hcl"}, map[string][]byte{"x.hcl": src})
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				p, diags := cfg.Evaluate(nil, sampleCrate())
				if diags.HasErrors() || len(p.Stages) != (n+49)/50 {
					b.Fatal(diags)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/step")
		})
	}
}
