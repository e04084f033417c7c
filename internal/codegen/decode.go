package codegen

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Bounds on what one template file may hold.
const (
	maxTemplateSize    = 8 << 20
	maxFrontmatterSize = 64 << 10
	maxBrackets        = 4096 // the YAML parser's time grows with the square of the nesting
	maxYAMLDepth       = 16
	maxFrontmatterSum  = 4 * maxFrontmatterSize // of all documents of a file
	maxDocuments       = 10_000
)

// ParseDocuments reads a template file: its frontmatter documents, each with
// its body. The file is named in errors only.
//
// The error is an [*Error] for each fault, joined.
func ParseDocuments(file, src string) ([]Document, error) {
	if len(src) > maxTemplateSize {
		return nil, &Error{File: file, Message: fmt.Sprintf("template is over %d bytes", maxTemplateSize)}
	}
	blocks, err := split(file, src)
	if err != nil {
		return nil, err
	}
	if len(blocks) > maxDocuments {
		return nil, &Error{File: file, Message: fmt.Sprintf("template has over %d documents", maxDocuments)}
	}
	sum := 0
	for _, b := range blocks {
		sum += len(b.yaml)
	}
	if sum > maxFrontmatterSum {
		return nil, &Error{File: file, Message: fmt.Sprintf("the frontmatter documents are over %d bytes together", maxFrontmatterSum)}
	}
	docs := make([]Document, 0, len(blocks))
	var faults []error
	for _, b := range blocks {
		d := Document{
			File: file, Line: b.openLine, Body: b.body, whole: src,
			source: source{file: file, text: src, line: b.bodyLine},
		}
		if b.openLine > 0 {
			dec := decoder{src: source{file: file, text: src, line: b.yamlLine}}
			d.Front = dec.frontmatter(b.yaml)
			if len(dec.faults) == 0 {
				dec.check(&d.Front, b.openLine)
			}
			faults = append(faults, dec.faults...)
		}
		docs = append(docs, d)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return docs, nil
}

// decoder turns YAML nodes into a Frontmatter and collects every fault.
type decoder struct {
	src    source
	faults []error
}

func (d *decoder) fault(n ast.Node, format string, args ...any) {
	line, col := position(n)
	d.faults = append(d.faults, d.src.errorAt(line, col, fmt.Sprintf(format, args...)))
}

// position is where a node begins; a mapping's own token is its first colon.
func position(n ast.Node) (line, col int) {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return 1, 0
	}
	return t.Position.Line, t.Position.Column
}

func (d *decoder) frontmatter(src string) Frontmatter {
	var fm Frontmatter
	if len(src) > maxFrontmatterSize {
		d.faults = append(d.faults, d.src.errorAt(1, 0, fmt.Sprintf("frontmatter is over %d bytes", maxFrontmatterSize)))
		return fm
	}
	if strings.Count(src, "[")+strings.Count(src, "{") > maxBrackets {
		d.faults = append(d.faults, d.src.errorAt(1, 0, fmt.Sprintf("frontmatter has over %d opening brackets", maxBrackets)))
		return fm
	}
	file, err := parser.ParseBytes([]byte(src), 0)
	if err != nil {
		line, col, msg := 1, 0, err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) {
			msg = ye.GetMessage()
			if t := ye.GetToken(); t != nil && t.Position != nil {
				line, col = t.Position.Line, t.Position.Column
			}
		}
		d.faults = append(d.faults, d.src.errorAt(line, col, "frontmatter: "+msg))
		return fm
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return fm
	}
	entries, ok := d.mapping(file.Docs[0].Body, "frontmatter")
	if !ok {
		return fm
	}
	for _, e := range entries {
		d.key(&fm, e)
	}
	return fm
}

// entry is a key of a mapping and its value.
type entry struct {
	key  string
	node ast.Node // the key, for positions
	val  ast.Node
}

func (d *decoder) mapping(n ast.Node, what string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.fault(n, "%s must be a map of keys, not %s", what, kind(n))
		return nil, false
	}
	out := make([]entry, 0, len(values))
	seen := map[string]bool{}
	for _, v := range values {
		var key string
		switch k := v.Key.(type) {
		case *ast.StringNode:
			key = k.Value
		case *ast.NullNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
			key = k.GetToken().Value
		default:
			d.fault(v.Key, "a key must be plain text, not %s", kind(v.Key))
			return nil, false
		}
		if seen[key] {
			d.fault(v.Key, "key %q is given twice", key)
			continue
		}
		seen[key] = true
		out = append(out, entry{key, v.Key, v.Value})
	}
	return out, true
}

func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "a string"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a boolean"
	case *ast.NullNode:
		return "null"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias (not supported)"
	case *ast.TagNode:
		return "a tag (not supported)"
	}
	return "this"
}

func (d *decoder) key(fm *Frontmatter, e entry) {
	switch e.key {
	case "to":
		fm.To = d.text(e)
	case "from":
		fm.From = d.text(e)
	case "vars":
		fm.Vars = d.vars(e)
	case "sparql":
		fm.Sparql = d.queries(e)
	case "for_each":
		fm.ForEach = d.text(e)
	case "construct":
		fm.Construct = d.text(e)
	case "when":
		fm.When = d.text(e)
	case "dialect":
		fm.Dialect = d.oneOf(e, "typed", "string")
	case "rdf":
		fm.RDF = d.texts(e)
	case "rdf_inline":
		fm.RDFInline = d.texts(e)
	case "prefixes":
		fm.Prefixes = d.textMap(e)
	case "base":
		fm.Base = d.text(e)
	case "shape":
		fm.Shape = d.texts(e)
	case "skip_empty":
		fm.SkipEmpty = d.bool(e)
	case "executable":
		fm.Executable = d.bool(e)
	case "inject":
		fm.Inject = d.bool(e)
	case "before":
		fm.Before = d.match(e)
	case "after":
		fm.After = d.match(e)
	case "at_line":
		fm.AtLine = int(d.int(e, 1, math.MaxInt32))
	case "prepend":
		fm.Prepend = d.bool(e)
	case "append":
		fm.Append = d.bool(e)
	case "skip_if":
		fm.SkipIf = d.match(e)
	case "unless_exists":
		fm.UnlessExists = d.bool(e)
	case "force":
		fm.Force = d.bool(e)
	case "backup":
		fm.Backup = d.bool(e)
	case "determinism":
		if _, ok := e.val.(*ast.IntegerNode); ok {
			seed := d.int(e, math.MinInt64, math.MaxInt64)
			fm.Determinism, fm.Seed = true, &seed
		} else {
			fm.Determinism = d.bool(e)
		}
	case "freeze_policy":
		fm.FreezePolicy = FreezePolicy(d.oneOf(e, string(FreezeNever), string(FreezeAlways), string(FreezeChecksum)).s)
	case "freeze_slots_dir":
		fm.FreezeSlotsDir = d.text(e)
	case "sh", "sh_before":
		fm.ShBefore = d.text(e)
	case "sh_after":
		fm.ShAfter = d.text(e)
	default:
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = k.name
		}
		d.fault(e.node, "unknown frontmatter key %q.%s", e.key, lang.DidYouMean(e.key, names))
	}
}

// check finds combinations of keys that have no meaning.
func (d *decoder) check(fm *Frontmatter, openLine int) {
	at := func(t text, format string, args ...any) {
		line, col := t.line, t.col
		if line == 0 {
			line, col = openLine, 1
		}
		d.faults = append(d.faults, &Error{
			File: d.src.file, Line: line, Column: col, Snippet: lineOf(d.src.text, line),
			Message: fmt.Sprintf(format, args...),
		})
	}
	if fm.To.given() && strings.TrimSpace(fm.To.s) == "" {
		at(fm.To, "`to` is empty: give the output path")
	}
	places := 0
	for _, given := range []bool{fm.Before != nil, fm.After != nil, fm.AtLine > 0, fm.Prepend, fm.Append} {
		if given {
			places++
		}
	}
	if places > 0 && !fm.Inject {
		at(text{}, "before, after, at_line, prepend and append need `inject: true`")
	}
	if places > 1 {
		at(text{}, "give one of before, after, at_line, prepend and append")
	}
	if fm.FreezePolicy == FreezeChecksum && !fm.FreezeSlotsDir.given() {
		at(text{}, "freeze_policy: checksum needs freeze_slots_dir, the folder for the checksums")
	}
	if fm.ForEach.given() {
		var names []string
		for _, q := range fm.Sparql {
			names = append(names, q.Name)
		}
		if !slices.Contains(names, fm.ForEach.s) {
			at(fm.ForEach, "for_each names no query of `sparql`: %q.%s", fm.ForEach.s, lang.DidYouMean(fm.ForEach.s, names))
		}
	}
}
