package tera

import (
	"math"
	"strings"
)

// parseTemplate compiles source. maxDepth bounds how tags and expressions nest.
func parseTemplate(name, source string, maxDepth int) (t *template, err error) {
	t = &template{name: name, source: source, macros: map[string]*macro{}, blocks: map[string]*blockNode{}}
	if len(source) > math.MaxInt32 {
		return nil, &Error{Name: name, Msg: "the template is larger than 2 GiB", Err: ErrLimit}
	}
	p := &parser{tpl: t, src: source, maxDepth: maxDepth, memo: map[memoKey]memoEntry{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case syntaxPanic:
			t, err = nil, r.err
		default:
			panic(r)
		}
	}()
	p.template()
	return t, nil
}

// place says where in a template a list of nodes stands: it decides which
// tags may be in it.
type place uint8

const (
	inTemplate place = iota
	inMacro
	inBlock
	inFor
	inFilter
)

func (p place) String() string {
	return [...]string{"a template", "a macro", "a block", "a for loop", "a filter section"}[p]
}

// item is a node and what whitespace control has to know about it.
type item struct {
	node        node
	left, right bool // the tag begins with {%- or ends with -%}
}

func (p *parser) template() {
	for p.peek("{#") {
		p.comment()
	}
	p.top()
	items := p.content(inTemplate)
	if p.pos < len(p.src) {
		p.fail(p.pos, "unexpected %s", p.describeTag())
	}
	p.tpl.nodes = p.trim(items, false, false)
	p.findBlocks(p.tpl.nodes)
}

// findBlocks registers the blocks that a child may override: those at the top
// level and, in turn, those directly in them.
func (p *parser) findBlocks(nodes []node) {
	for _, n := range nodes {
		b, ok := n.(*blockNode)
		if !ok {
			continue
		}
		if p.tpl.blocks[b.name] != nil {
			p.fail(int(b.at), "block `%s` is defined twice", b.name)
		}
		p.tpl.blocks[b.name] = b
		p.findBlocks(b.body)
	}
}

// top reads extends and import, which stand before everything else and take
// the whitespace around them with them.
func (p *parser) top() {
	if p.extends() {
		for p.importMacros() {
		}
		return
	}
	imported := false
	for p.importMacros() {
		imported = true
	}
	if imported {
		p.extends()
	}
}

// topTag consumes {% and the keyword if both are next, whitespace before
// them included; it reports whether it did, else it leaves pos alone.
func (p *parser) topTag(keyword string) bool {
	start := p.pos
	p.space()
	if p.peek("{%") {
		p.tagStart()
		p.space()
		if p.peek(keyword) && p.pos+len(keyword) < len(p.src) && isSpace(p.src[p.pos+len(keyword)]) {
			p.pos += len(keyword)
			p.space()
			return true
		}
	}
	p.pos = start
	return false
}

func (p *parser) extends() bool {
	at := p.pos
	if !p.topTag("extends") {
		return false
	}
	at += strings.Index(p.src[at:], "{%")
	name := p.mustQuoted()
	p.space()
	p.tagEnd()
	p.space()
	p.tpl.parent = &extendsTag{int32(at), name}
	return true
}

func (p *parser) importMacros() bool {
	at := p.pos
	if !p.topTag("import") {
		return false
	}
	at += strings.Index(p.src[at:], "{%")
	file := p.mustQuoted()
	p.mustSpace()
	if !p.literal("as") {
		p.failExpected()
	}
	p.mustSpace()
	namespace := p.mustIdent()
	p.space()
	p.tagEnd()
	p.space()
	p.tpl.imports = append(p.tpl.imports, importTag{int32(at), file, namespace})
	return true
}

// content reads nodes until something that cannot be part of the place.
func (p *parser) content(in place) []item {
	p.enter()
	defer p.leave()
	var items []item
	for p.pos < len(p.src) {
		switch {
		case p.peek("{{"):
			items = append(items, p.output(in))
		case p.peek("{#"):
			items = append(items, p.comment())
		case p.peek("{%"):
			it, ok := p.tag(in)
			if !ok {
				return items
			}
			items = append(items, it)
		default:
			at := int32(p.pos)
			items = append(items, item{node: &textNode{at, p.text()}})
		}
	}
	return items
}

func (p *parser) text() string {
	start := p.pos
	for {
		n := strings.IndexByte(p.src[p.pos:], '{')
		if n < 0 {
			p.pos = len(p.src)
			break
		}
		p.pos += n
		if p.peek("{{") || p.peek("{%") || p.peek("{#") {
			break
		}
		p.pos++
	}
	return p.src[start:p.pos]
}

func (p *parser) output(in place) item {
	clear(p.memo)
	start := p.pos
	p.pos += len("{{")
	left := p.dash()
	p.space()
	if in == inBlock && p.peek("super()") {
		before := p.pos
		p.pos += len("super()")
		p.space()
		if p.peek("}}") || p.peek("-}}") {
			// super() takes no part in whitespace control.
			p.closing("}}")
			return item{node: &superNode{int32(start), p.block}}
		}
		p.pos = before
	}
	e, ok := p.logicOrArray()
	if !ok {
		p.failExpected()
	}
	p.space()
	right := p.closing("}}")
	return item{&outputNode{e.at, e}, left, right}
}

// dash consumes the - of {%- and its like.
func (p *parser) dash() bool {
	if p.pos < len(p.src) && p.src[p.pos] == '-' {
		p.pos++
		return true
	}
	return false
}

// closing consumes end, perhaps with a - before it, and reports the dash.
func (p *parser) closing(end string) bool {
	if p.peek("-" + end) {
		p.pos += 1 + len(end)
		return true
	}
	if !p.literal(end) {
		p.failExpected()
	}
	return false
}

func (p *parser) tagStart() bool {
	p.pos += len("{%")
	return p.dash()
}

func (p *parser) tagEnd() bool { return p.closing("%}") }

func (p *parser) comment() item {
	start := p.pos
	p.pos += len("{#")
	left := p.dash()
	n := strings.Index(p.src[p.pos:], "#}")
	if n < 0 {
		p.fail(start, "the comment is not closed, expected `#}`")
	}
	end := p.pos + n
	right := n > 0 && p.src[end-1] == '-'
	if n == 0 || right && n == 1 {
		p.fail(start, "a comment needs at least one character")
	}
	p.pos = end + len("#}")
	return item{blankNode{}, left, right}
}

func (p *parser) mustSpace() {
	if p.pos >= len(p.src) || !isSpace(p.src[p.pos]) {
		p.expect("whitespace")
		p.failExpected()
	}
	p.space()
}

func (p *parser) mustIdent() string {
	name, ok := p.ident()
	if !ok {
		p.failExpected()
	}
	return name
}

func (p *parser) mustQuoted() string {
	s, ok := p.quoted()
	if !ok {
		p.failExpected()
	}
	return s
}

func (p *parser) mustLogicOrArray() *expr {
	e, ok := p.logicOrArray()
	if !ok {
		p.failExpected()
	}
	return e
}

// describeTag names the tag at pos for an error.
func (p *parser) describeTag() string {
	if word := p.tagWord(); word != "" {
		return "tag `" + word + "`"
	}
	return "tag"
}
