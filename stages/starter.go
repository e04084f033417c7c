package stages

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
)

const starterName = "pipeline.hcl"

// Starter is a pipeline file for a crate that exists: the built-in pipeline
// without the template, and without the steps and gates that the crate has no
// use for.
func Starter(c *crate.Crate) ([]byte, error) {
	left := leftOut(c)
	text := DefaultPipeline
	for _, edit := range []func(*hclsyntax.Body, []byte) []cut{
		templateCuts, func(b *hclsyntax.Body, src []byte) []cut { return stepCuts(b, src, left) },
	} {
		body, err := starterBody(text)
		if err != nil {
			return nil, err
		}
		text = apply(text, edit(body, text))
	}
	text, err := withoutUnused(text)
	if err != nil {
		return nil, err
	}
	_, rest, ok := bytes.Cut(text, []byte("\nsixty {"))
	if !ok {
		return nil, fmt.Errorf("the built-in pipeline has no settings")
	}
	return append([]byte(starterHeader(c, left)+"\nsixty {"), rest...), nil
}

// omission is what of the built-in pipeline a crate has no use for.
type omission struct {
	steps []string
	why   string
}

func leftOut(c *crate.Crate) []omission {
	var out []omission
	runnable, published := false, false
	for _, m := range c.Project.Members {
		if !m.InWorkspace {
			continue
		}
		published = published || m.Publish
		for _, t := range m.Targets {
			runnable = runnable || (t.Kind == cargo.TargetExample || t.Kind == cargo.TargetBench) && len(t.RequiredFeatures) == 0
		}
	}
	if !runnable {
		out = append(out, omission{[]string{"examples"}, "there are no examples and no benchmarks"})
	}
	if !published {
		out = append(out, omission{[]string{"package", "publish"}, "its manifest says publish = false"})
	}
	return out
}

func starterHeader(c *crate.Crate, left []omission) string {
	var b strings.Builder
	name := c.Name
	if !hclsyntax.ValidIdentifier(name) { // a folder's name can be any text
		name = "this workspace"
	}
	fmt.Fprintf(&b, "# The pipeline of %s, made by sixty init from the one that is built in. It is\n# yours to change:\n#\n", name)
	b.WriteString("#   sixty validate   checks this file\n#   sixty plan       shows what would run\n#   sixty test       runs the stage \"testing\" alone\n" +
		"#   sixty deploy     runs all stages and signs the verdict\n#\n")
	for _, o := range left {
		fmt.Fprintf(&b, "# Left out, since %s: %s.\n", o.why, strings.Join(o.steps, ", "))
	}
	if len(left) > 0 {
		b.WriteString("#\n")
	}
	b.WriteString(`# Each step starts from the image and from its own writable copy of the source
# (/src), of what was compiled from the dependencies (/target), and of nothing
# else; the downloaded dependencies lie at /vendor. The network is off. When a
# step ends, all is discarded but its outputs.
`)
	return b.String()
}

func starterBody(text []byte) (*hclsyntax.Body, error) {
	file, diags := hclsyntax.ParseConfig(text, starterName, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("shorten the built-in pipeline: %w", diags)
	}
	return file.Body.(*hclsyntax.Body), nil
}

// cut replaces a part of a text.
type cut struct {
	from, to int
	by       string
}

func apply(text []byte, cuts []cut) []byte {
	slices.SortFunc(cuts, func(a, b cut) int { return b.from - a.from })
	for _, c := range cuts {
		text = slices.Concat(text[:c.from], []byte(c.by), text[c.to:])
	}
	return text
}

// whole is a block or attribute with the comment above it and the empty line
// below it.
func whole(src []byte, r hcl.Range) cut {
	from := bytes.LastIndexByte(src[:r.Start.Byte], '\n') + 1
	for from > 0 {
		above := bytes.LastIndexByte(src[:from-1], '\n') + 1
		if !bytes.HasPrefix(bytes.TrimSpace(src[above:from]), []byte("#")) {
			break
		}
		from = above
	}
	to := r.End.Byte
	if i := bytes.IndexByte(src[to:], '\n'); i >= 0 {
		to += i + 1
	}
	if bytes.HasPrefix(src[to:], []byte("\n")) {
		to++
	}
	return cut{from: from, to: to}
}

// templateCuts takes out what makes a crate from a template.
func templateCuts(body *hclsyntax.Body, src []byte) []cut {
	var out []cut
	for _, b := range body.Blocks {
		name := b.Type
		if len(b.Labels) > 0 {
			name += " " + b.Labels[0]
		}
		c := whole(src, b.Range())
		switch name {
		case "variable template", "stage concept":
		case "stage generation":
			c.by = "# The crate is here already; this stands for its source and its lockfile.\nstage \"generation\" {}\n\n"
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}

// stepCuts takes out steps, and the gates that judge them.
func stepCuts(body *hclsyntax.Body, src []byte, left []omission) []cut {
	gone := map[string]bool{}
	for _, o := range left {
		for _, s := range o.steps {
			gone[s] = true
		}
	}
	var out []cut
	for _, b := range body.Blocks {
		switch b.Type {
		case "stage":
			for _, step := range b.Body.Blocks {
				if step.Type == "step" && gone[step.Labels[0]] {
					out = append(out, whole(src, step.Range()))
				}
			}
		case "gate":
			for _, t := range b.Body.Attributes["condition"].Expr.Variables() {
				if attr, ok := t[min(1, len(t)-1)].(hcl.TraverseAttr); ok && t.RootName() == "step" && gone[attr.Name] {
					out = append(out, whole(src, b.Range()))
					break
				}
			}
		}
	}
	return out
}

// withoutUnused takes out the locals that nothing names any more.
func withoutUnused(text []byte) ([]byte, error) {
	for {
		_, diags := config.Parse(".", []string{starterName}, map[string][]byte{starterName: text})
		if diags.HasErrors() {
			return nil, fmt.Errorf("shorten the built-in pipeline: %w", diags)
		}
		unused := map[int]bool{}
		for _, d := range diags {
			unused[d.Subject.Start.Byte] = true
		}
		body, err := starterBody(text)
		if err != nil {
			return nil, err
		}
		var cuts []cut
		for _, b := range body.Blocks {
			if b.Type != "locals" {
				continue
			}
			for _, a := range b.Body.Attributes {
				if unused[a.NameRange.Start.Byte] {
					cuts = append(cuts, whole(text, a.Range()))
				}
			}
			if len(cuts) == len(b.Body.Attributes) && len(cuts) > 0 {
				cuts = []cut{whole(text, b.Range())}
			}
		}
		if len(cuts) == 0 {
			return text, nil
		}
		text = apply(text, cuts)
	}
}
