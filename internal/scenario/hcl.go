package scenario

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Stage is the stage that a scenario's steps become, the one that sixty test
// runs.
const Stage = "testing"

// rustImage is the name of the image that steps run on which name none.
const rustImage = "rust"

// HCL is the scenario as a formatted pipeline. defaults is a pipeline whose
// image "rust" serves the steps that name none. The error says that it has none.
func (s *Scenario) HCL(defaults []byte) ([]byte, error) {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	s.comment(body)
	names := s.imageNames()
	if _, ok := names[""]; ok {
		image, err := imageBlock(defaults)
		if err != nil {
			return nil, err
		}
		body.AppendBlock(image)
		body.AppendNewline()
	}
	for _, image := range s.Images {
		if name, used := names[image.Name]; used {
			body.AppendNewBlock("image", []string{name}).Body().SetAttributeValue("from", cty.StringVal(image.From))
			body.AppendNewline()
		}
	}
	if _, ok := names[""]; ok {
		body.AppendUnstructuredTokens(raw("stage \"generation\" {}\n\n"))
		body.AppendNewBlock("stage", []string{"setup"}).Body().SetAttributeTraversal("image", traversal("image", rustImage))
		body.AppendNewline()
	}
	s.stage(body.AppendNewBlock("stage", []string{Stage}).Body(), names)
	body.AppendNewline()
	s.gates(body)
	return hclwrite.Format(file.Bytes()), nil
}

// imageNames are the names in the pipeline of the images that steps use.
func (s *Scenario) imageNames() map[string]string {
	names := map[string]string{}
	taken := map[string]bool{rustImage: true}
	for _, step := range s.Steps {
		if _, ok := names[step.Image]; ok {
			continue
		}
		if step.Image == "" {
			names[""] = rustImage
			continue
		}
		name := word(step.Image)
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", word(step.Image), n)
		}
		taken[name] = true
		names[step.Image] = name
	}
	return names
}

// comment says where the pipeline comes from.
func (s *Scenario) comment(body *hclwrite.Body) {
	lines := []string{fmt.Sprintf("%s, imported from %s.", orDefault(s.Name, "A scenario"), filepath.Base(s.File))}
	if s.Description != "" {
		lines = append(lines, s.Description)
	}
	for _, line := range lines {
		body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + oneLine(line) + "\n")}})
	}
	body.AppendNewline()
}

// oneLine keeps text from ending a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return ' '
		}
		return r
	}, s)
}

func orDefault(s, missing string) string {
	if s == "" {
		return missing
	}
	return s
}

// imageBlock copies the image "rust" of a pipeline.
func imageBlock(pipeline []byte) (*hclwrite.Block, error) {
	file, diags := hclwrite.ParseConfig(pipeline, "pipeline.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("read the image for Rust crates: %w", diags)
	}
	block := file.Body().FirstMatchingBlock("image", []string{rustImage})
	if block == nil {
		return nil, fmt.Errorf("the pipeline has no image %q", rustImage)
	}
	return block, nil
}

func (s *Scenario) stage(body *hclwrite.Body, names map[string]string) {
	if s.Timeout > 0 {
		body.SetAttributeValue("budget", cty.StringVal(duration(s.Timeout)))
		body.SetAttributeValue("budget_exceeded", cty.StringVal("fail"))
	}
	for n, step := range s.Steps {
		if n > 0 || s.Timeout > 0 {
			body.AppendNewline()
		}
		if step.Name != step.ID {
			body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + oneLine(step.Name) + "\n")}})
		}
		step.block(body.AppendNewBlock("step", []string{step.ID}).Body(), names[step.Image])
	}
}

func (s Step) block(body *hclwrite.Body, image string) {
	body.SetAttributeTraversal("image", traversal("image", image))
	command := s.Command
	if s.Expect != (Expect{}) {
		command = s.expecting()
	}
	if len(command) > 0 {
		body.SetAttributeValue("command", texts(command))
	} else if text, ok := heredoc(s.Script); ok {
		body.SetAttributeRaw("script", text)
	} else {
		body.SetAttributeValue("script", cty.StringVal(s.Script))
	}
	if len(s.Env) > 0 {
		env := map[string]cty.Value{}
		for name, value := range s.Env {
			env[name] = cty.StringVal(value)
		}
		body.SetAttributeRaw("env", object(env))
	}
	if s.Timeout > 0 {
		body.SetAttributeValue("timeout", cty.StringVal(duration(s.Timeout)))
	}
	if len(s.After) > 0 {
		var steps []hclwrite.Tokens
		for _, id := range s.After {
			steps = append(steps, hclwrite.TokensForTraversal(traversal("step", id)))
		}
		body.SetAttributeRaw("after", hclwrite.TokensForTuple(steps))
	}
}

// expecting is the command under sixty-init's expect, which every step's
// container has.
func (s Step) expecting() []string {
	out := []string{"/.sixty/init", "expect"}
	if s.Expect.Exit != 0 {
		out = append(out, "--exit", strconv.Itoa(s.Expect.Exit))
	}
	if s.Expect.Output != "" {
		out = append(out, "--output", s.Expect.Output)
	}
	if s.Expect.NoOutput != "" {
		out = append(out, "--no-output", s.Expect.NoOutput)
	}
	out = append(out, "--")
	if len(s.Command) > 0 {
		return append(out, s.Command...)
	}
	return append(out, "/bin/sh", "-euc", s.Script)
}

// gates ask for every step, and for a decision about what was not imported.
func (s *Scenario) gates(body *hclwrite.Body) {
	gate := body.AppendNewBlock("gate", []string{"scenario"}).Body()
	// A list, since operators could nest too deep.
	condition := raw("alltrue([\n")
	for _, step := range s.Steps {
		condition = append(condition, hclwrite.TokensForTraversal(traversal("step", step.ID, "status"))...)
		condition = append(condition, raw(" == \"passed\",\n")...)
	}
	gate.SetAttributeRaw("condition", append(condition, raw("])")...))
	gate.SetAttributeValue("message", cty.StringVal("a step of the scenario did not pass"))
	if len(s.Unchecked) == 0 {
		return
	}
	body.AppendNewline()
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment,
		Bytes: []byte("# The scenario expects what sixty can't check. Delete this gate, or put one in its\n# place that says what you want to be sure of.\n")}})
	unchecked := body.AppendNewBlock("gate", []string{"unchecked"}).Body()
	unchecked.SetAttributeValue("condition", cty.False)
	unchecked.SetAttributeValue("message", cty.StringVal("not checked: "+strings.Join(s.Unchecked, ", ")))
}

// raw is text that is HCL as it stands; the formatter reads it anew.
func raw(text string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenNil, Bytes: []byte(text)}}
}

// heredoc writes a script of several lines as such. A script that a heredoc
// would change becomes a quoted text.
func heredoc(script string) (hclwrite.Tokens, bool) {
	lines := strings.Split(strings.TrimSuffix(script, "\n"), "\n")
	if len(lines) < 2 || strings.HasPrefix(lines[0], " ") || strings.ContainsFunc(script, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		return nil, false
	}
	var b strings.Builder
	b.WriteString("<<-SH\n")
	escape := strings.NewReplacer("${", "$${", "%{", "%%{")
	for _, line := range lines {
		if strings.TrimSpace(line) == "SH" {
			return nil, false
		}
		if line != "" {
			b.WriteString("      " + escape.Replace(line))
		}
		b.WriteString("\n")
	}
	b.WriteString("    SH")
	return raw(b.String()), true
}

func traversal(root string, names ...string) hcl.Traversal {
	out := hcl.Traversal{hcl.TraverseRoot{Name: root}}
	for _, name := range names {
		out = append(out, hcl.TraverseAttr{Name: name})
	}
	return out
}

func texts(list []string) cty.Value {
	var values []cty.Value
	for _, s := range list {
		values = append(values, cty.StringVal(s))
	}
	return cty.TupleVal(values)
}

// object writes an object whose keys may be any text.
func object(m map[string]cty.Value) hclwrite.Tokens {
	var attrs []hclwrite.ObjectAttrTokens
	for _, name := range slices.Sorted(maps.Keys(m)) {
		key := hclwrite.TokensForValue(cty.StringVal(name))
		if hclsyntax.ValidIdentifier(name) {
			key = hclwrite.TokensForIdentifier(name)
		}
		attrs = append(attrs, hclwrite.ObjectAttrTokens{Name: key, Value: hclwrite.TokensForValue(m[name])})
	}
	return hclwrite.TokensForObject(attrs)
}

// duration writes 90s as 1m30s, and never 1m0s.
func duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
