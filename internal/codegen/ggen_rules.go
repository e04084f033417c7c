package codegen

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// loadRules reads a ggen.toml of [[generation.rules]]: each rule becomes a
// document whose query is called `results`.
func (p *Project) loadRules() error {
	var f ggenRulesFile
	if err := p.decode(&f, true); err != nil {
		return err
	}
	p.Name = f.Project.Name
	v := &f.Validation
	switch {
	case f.Project.Name == "":
		return p.fault("[project]", "[project] needs a name")
	case f.Ontology.Source == "":
		return p.fault("[ontology]", "[ontology] needs a source, a Turtle file")
	case len(f.Law.Rules) > 0:
		return p.fault("[law]", "[law] rules are N3 rules, which are not supported: write them as [[inference.rules]]")
	case len(v.SHACL) > 0:
		return p.fault("shacl", "[validation] shacl is no longer evaluated: name SPARQL queries in gates")
	case v.ValidateSyntax:
		return p.fault("validate_syntax", "validate_syntax would need a Rust parser: leave it to `cargo check`")
	case f.Generation.EnableLLM:
		return p.fault("enable_llm", "enable_llm is refused: what a run gives depends on its inputs alone")
	}
	p.noUnsafe = v.NoUnsafe
	for _, name := range append([]string{f.Ontology.Source}, f.Ontology.Imports...) {
		if err := p.addGraph(p.root, name, ""); err != nil {
			return err
		}
	}
	p.graph.Prefixes, p.graph.Base = f.Ontology.Prefixes, f.Ontology.BaseIRI
	slices.SortStableFunc(f.Inference.Rules, func(a, b struct {
		Name        string `toml:"name"`
		Description string `toml:"description"`
		Construct   string `toml:"construct"`
		Order       int    `toml:"order"`
		When        string `toml:"when"`
	}) int {
		return a.Order - b.Order
	})
	for _, rule := range f.Inference.Rules {
		p.inference = append(p.inference, inference{rule.Name, p.text(rule.Construct), p.text(rule.When)})
	}
	for _, gate := range v.Gates {
		if err := p.addGate(p.root, gate, ""); err != nil {
			return err
		}
	}
	for _, rule := range v.Rules {
		t := p.text(rule.Ask)
		p.checks = append(p.checks, check{
			name: rule.Name, file: source{file: "ggen.toml", text: p.source, line: t.innerLine}, query: rule.Ask,
			message: rule.Description, warning: strings.EqualFold(rule.Severity, "warning"),
		})
	}
	packs := map[string]string{}
	for _, pack := range f.Packs {
		packs[pack.Name] = pack.Path
	}
	for i := range f.Generation.Rules {
		d, err := p.ruleDocument(&f.Generation.Rules[i], f.Generation.OutputDir, packs)
		if err != nil {
			return err
		}
		p.rules = append(p.rules, d)
	}
	// Templates that rules include lie in the folder templates.
	if sub, err := p.sub("templates"); err == nil {
		p.templates = sub
	}
	return nil
}

// text is a string of ggen.toml with the place where it stands.
func (p *Project) text(s string) text {
	if s == "" {
		return text{}
	}
	first, _, _ := strings.Cut(strings.TrimLeft(s, "\n"), "\n")
	e := p.fault(first, "")
	return text{s: s, line: max(e.Line, 1), col: max(e.Column, 1), innerLine: max(e.Line, 1), innerCol: max(e.Column, 1)}
}

func (p *Project) ruleDocument(rule *ggenRule, outputDir string, packs map[string]string) (Document, error) {
	at := p.text(rule.OutputFile)
	if rule.Name == "" || rule.OutputFile == "" {
		return Document{}, p.fault("[[generation.rules]]", "a generation rule needs a name, a query, a template and an output_file")
	}
	query, _, err := p.ruleSource(rule, &rule.Query, "query", packs)
	if err != nil {
		return Document{}, err
	}
	body, src, err := p.ruleSource(rule, &rule.Template, "template", packs)
	if err != nil {
		return Document{}, err
	}
	to := at
	if outputDir != "" && path.Clean(outputDir) != "." {
		to.s = path.Clean(outputDir) + "/" + rule.OutputFile
	}
	d := Document{
		File: "ggen.toml", Line: at.line, Body: body, whole: p.source, source: src,
		name: "rule " + rule.Name, rule: rule.Name, layer: p.root, file: "ggen.toml",
		Front: Frontmatter{To: to, Sparql: []Query{{"results", text{s: query, line: at.line, col: at.col}}}, When: p.text(rule.When)},
	}
	d.skipNoRows = rule.SkipEmpty
	switch rule.Mode {
	case "", "Create":
		d.Front.UnlessExists = true
	case "Overwrite":
		d.Front.Force = true
	case "Merge":
		d.Front.Force, d.sections = true, true
	default:
		return Document{}, p.fault(rule.Mode, "rule %q: mode is Create, Overwrite or Merge", rule.Name)
	}
	return d, nil
}

// ruleSource reads the query or the template of a rule.
func (p *Project) ruleSource(rule *ggenRule, s *ggenSource, what string, packs map[string]string) (string, source, error) {
	switch {
	case s.Git != "" || s.Package != "":
		return "", source{}, p.fault(rule.Name, "rule %q: a %s from git or a package is not supported: take it from a file or a pack", rule.Name, what)
	case s.Pack != "":
		dir, ok := packs[s.Pack]
		if !ok || dir == "" {
			return "", source{}, p.fault(s.Pack, "rule %q: there is no pack %q with a path under [[packs]]", rule.Name, s.Pack)
		}
		root, err := os.OpenRoot(filepath.Join(p.dir, filepath.FromSlash(dir)))
		if err != nil {
			return "", source{}, p.fault(s.Pack, "rule %q: %v", rule.Name, err)
		}
		name := path.Join(packOutput(root.FS(), s.Output), s.File)
		return p.ruleFile(rule, root.FS(), name, path.Join(s.Pack, name), what)
	case s.File != "":
		return p.ruleFile(rule, p.root, path.Clean(s.File), s.File, what)
	case s.Inline != "":
		t := p.text(s.Inline)
		return s.Inline, source{file: "ggen.toml", text: p.source, line: t.innerLine}, nil
	}
	return "", source{}, p.fault(rule.Name, "rule %q has no %s: give a file or inline text", rule.Name, what)
}

func (p *Project) ruleFile(rule *ggenRule, fsys fs.FS, name, show, what string) (string, source, error) {
	data, err := readFile(fsys, name, maxTemplateSize)
	if err != nil {
		return "", source{}, p.fault(rule.Name, "rule %q: read the %s: %v", rule.Name, what, err)
	}
	return string(data), source{file: show, text: string(data), line: 1}, nil
}

// packOutput is the folder that a pack's package.toml gives for an output name,
// or the name itself.
func packOutput(fsys fs.FS, output string) string {
	data, err := readFile(fsys, "package.toml", maxTemplateSize)
	if err != nil {
		return output
	}
	var f struct {
		Outputs map[string]string `toml:"outputs"`
		Pack    struct {
			Outputs map[string]string `toml:"outputs"`
		} `toml:"pack"`
	}
	if toml.Unmarshal(data, &f) != nil {
		return output
	}
	if dir, ok := f.Outputs[output]; ok {
		return dir
	}
	if dir, ok := f.Pack.Outputs[output]; ok {
		return dir
	}
	return output
}
