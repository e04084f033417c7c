package tera

import "strings"

// tagWord returns the word after {% without consuming anything.
func (p *parser) tagWord() string {
	rest := strings.TrimPrefix(p.src[p.pos+2:], "-")
	rest = strings.TrimLeft(rest, " \t\r\n")
	end := 0
	for end < len(rest) && isWord(rest[end]) {
		end++
	}
	return rest[:end]
}

// tag reads a tag and, when it has one, its body. It reports false, and
// consumes nothing, at a tag that ends or continues the surrounding one.
func (p *parser) tag(in place) (item, bool) {
	clear(p.memo)
	word := p.tagWord()
	var read func(in place, at int32) item
	switch word {
	case "include":
		read = p.include
	case "set", "set_global":
		read = p.set
	case "if":
		read = p.ifTag
	case "for":
		read = p.forTag
	case "filter":
		read = p.filterSection
	case "raw":
		read = p.raw
	case "block":
		if in == inMacro || in == inFor {
			p.fail(p.pos, "`block` cannot be in %s", in)
		}
		read = p.blockTag
	case "macro":
		if in != inTemplate || p.depth > 1 {
			p.fail(p.pos, "`macro` has to be at the top level of a template")
		}
		read = p.macro
	case "break", "continue":
		if in != inFor {
			p.fail(p.pos, "`%s` is not inside a for loop", word)
		}
		read = p.jump
	case "extends", "import":
		p.fail(p.pos, "`%s` has to come before everything else in the template", word)
	default:
		return item{}, false
	}
	return read(in, int32(p.pos)), true
}

// keyword consumes the word after {% that tag saw.
func (p *parser) keyword() string {
	p.space()
	start := p.pos
	for p.pos < len(p.src) && isWord(p.src[p.pos]) {
		p.pos++
	}
	return p.src[start:p.pos]
}

// endTag consumes {% word %}, where word may be followed by a name when named
// is set, and returns its dashes.
func (p *parser) endTag(open int32, word string, named bool) (left, right bool) {
	if !p.peek("{%") {
		p.fail(int(open), "`%s` is missing its `{%% end%s %%}`", strings.TrimPrefix(word, "end"), strings.TrimPrefix(word, "end"))
	}
	if !strings.HasPrefix(p.tagWord(), word) {
		p.fail(p.pos, "unexpected %s, expected `{%% %s %%}`", p.describeTag(), word)
	}
	left = p.tagStart()
	p.space()
	p.pos += len(word)
	p.space()
	if named && p.pos < len(p.src) && isLetter(p.src[p.pos]) {
		p.mustIdent()
		p.space()
	}
	return left, p.tagEnd()
}

func (p *parser) include(_ place, at int32) item {
	n := &includeNode{at: at}
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	if p.peek("[") {
		n.names = p.stringArray()
	} else {
		n.names = []string{p.mustQuoted()}
	}
	p.space()
	if p.peek("ignore") {
		p.pos += len("ignore")
		p.space()
		if !p.literal("missing") {
			p.failExpected()
		}
		n.ignoreMissing = true
		p.space()
	}
	return item{n, left, p.tagEnd()}
}

func (p *parser) stringArray() []string {
	p.pos += len("[")
	var names []string
	for {
		p.space()
		s, ok := p.quoted()
		if !ok {
			break
		}
		names = append(names, s)
		p.space()
		if !p.literal(",") {
			break
		}
	}
	if !p.literal("]") {
		p.failExpected()
	}
	return names
}

func (p *parser) set(_ place, at int32) item {
	left := p.tagStart()
	n := &setNode{at: at, global: p.keyword() == "set_global"}
	p.mustSpace()
	n.name = p.mustIdent()
	p.space()
	if !p.literal("=") {
		p.failExpected()
	}
	p.space()
	n.expr = p.mustLogicOrArray()
	p.space()
	return item{n, left, p.tagEnd()}
}

func (p *parser) jump(_ place, at int32) item {
	n := &jumpNode{at, jumpContinue}
	left := p.tagStart()
	if p.keyword() == "break" {
		n.jump = jumpBreak
	}
	p.space()
	return item{n, left, p.tagEnd()}
}

func (p *parser) raw(_ place, at int32) item {
	left := p.tagStart()
	p.keyword()
	p.space()
	trimStart := p.tagEnd()
	start := p.pos
	for {
		n := strings.Index(p.src[p.pos:], "{%")
		if n < 0 {
			p.fail(int(at), "`raw` is missing its `{%% endraw %%}`")
		}
		p.pos += n
		if p.isEndRaw() {
			break
		}
		p.pos += len("{%")
	}
	text := p.src[start:p.pos]
	trimEnd, right := p.endTag(at, "endraw", false)
	if trimStart && p.untrimmed == 0 {
		text = trimLeft(text)
	}
	if trimEnd && p.untrimmed == 0 {
		text = trimRight(text)
	}
	return item{&rawNode{at, text}, left, right}
}

func (p *parser) isEndRaw() bool {
	if p.tagWord() != "endraw" {
		return false
	}
	rest := p.src[p.pos:]
	rest = strings.TrimLeft(rest[strings.Index(rest, "endraw")+len("endraw"):], " \t\r\n")
	return strings.HasPrefix(rest, "%}") || strings.HasPrefix(rest, "-%}")
}

func (p *parser) filterSection(_ place, at int32) item {
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	c, ok := p.filterCall()
	if !ok {
		p.failExpected()
	}
	p.space()
	trimStart := p.tagEnd()
	items := p.content(inFilter)
	trimEnd, right := p.endTag(at, "endfilter", false)
	return item{&filterNode{at, c, p.trim(items, trimStart, trimEnd)}, left, right}
}

func (p *parser) blockTag(_ place, at int32) item {
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	n := &blockNode{at: at, name: p.mustIdent()}
	p.space()
	trimStart := p.tagEnd()
	outer := p.block
	p.block = n.name
	items := p.content(inBlock)
	p.block = outer
	trimEnd, right := p.endTag(at, "endblock", true)
	n.body = p.trim(items, trimStart, trimEnd)
	return item{n, left, right}
}

func (p *parser) macro(_ place, at int32) item {
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	m := &macro{at: at, name: p.mustIdent()}
	p.space()
	if !p.literal("(") {
		p.failExpected()
	}
	m.params = p.params()
	p.space()
	trimStart := p.tagEnd()
	items := p.content(inMacro)
	trimEnd, right := p.endTag(at, "endmacro", true)
	m.body = p.trim(items, trimStart, trimEnd)
	if p.tpl.macros[m.name] != nil {
		p.fail(int(at), "macro `%s` is defined twice", m.name)
	}
	p.tpl.macros[m.name] = m
	return item{blankNode{}, left, right}
}

// params reads a macro's parameters up to and including the closing
// parenthesis. A default is a literal, written without spaces around the =.
func (p *parser) params() []param {
	var params []param
	for {
		p.space()
		if len(params) == 0 && p.literal(")") {
			return nil
		}
		prm := param{name: p.mustIdent()}
		if p.peek("=") {
			p.pos++
			at := p.pos
			t, ok := p.literalTerm()
			if !ok {
				p.failExpected()
			}
			prm.value = &expr{at: int32(at), term: t}
		}
		params = setParam(params, prm)
		p.space()
		if p.literal(")") {
			return params
		}
		if !p.literal(",") {
			p.failExpected()
		}
	}
}

func setParam(params []param, prm param) []param {
	for i := range params {
		if params[i].name == prm.name {
			params[i] = prm
			return params
		}
	}
	return append(params, prm)
}

func (p *parser) literalTerm() (term, bool) {
	if b, ok := p.boolean(); ok {
		return b, true
	}
	if s, ok := p.quoted(); ok {
		return &constant{s}, true
	}
	if n, ok := p.numeric(); ok {
		return n, true
	}
	return nil, false
}

func (p *parser) ifTag(in place, at int32) item {
	n := &ifNode{}
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	cond, ok := p.logicExpr()
	if !ok {
		p.failExpected()
	}
	p.space()
	trimStart := p.tagEnd()
	for {
		body := p.trim(p.content(in), trimStart, false)
		n.branches = append(n.branches, branch{cond, body})
		if !p.peek("{%") || p.tagWord() != "elif" {
			break
		}
		clear(p.memo)
		if p.tagStart() {
			p.trimLast(&n.branches[len(n.branches)-1].body)
		}
		p.keyword()
		p.mustSpace()
		if cond, ok = p.logicExpr(); !ok {
			p.failExpected()
		}
		p.space()
		trimStart = p.tagEnd()
	}
	last := &n.branches[len(n.branches)-1].body
	if p.peek("{%") && p.tagWord() == "else" {
		if p.tagStart() {
			p.trimLast(last)
		}
		p.keyword()
		p.space()
		trimStart = p.tagEnd()
		n.otherwise = p.trim(p.content(in), trimStart, false)
		last = &n.otherwise
	}
	trimEnd, right := p.endTag(at, "endif", false)
	if trimEnd {
		p.trimLast(last)
	}
	return item{n, left, right}
}

func (p *parser) forTag(_ place, at int32) item {
	n := &forNode{at: at}
	left := p.tagStart()
	p.keyword()
	p.mustSpace()
	n.value = p.mustIdent()
	if p.peek(",") {
		p.pos++
		p.space()
		n.key, n.value = n.value, p.mustIdent()
	}
	p.mustSpace()
	if !p.literal("in") {
		p.failExpected()
	}
	p.mustSpace()
	var ok bool
	if n.container, ok = p.basicFiltered(); !ok {
		if n.container, ok = p.arrayFiltered(); !ok {
			p.failExpected()
		}
	}
	p.space()
	trimStart := p.tagEnd()
	items := p.content(inFor)
	empty := false
	for p.peek("{%") && p.tagWord() == "else" {
		p.tagStart()
		p.keyword()
		p.space()
		p.tagEnd()
		p.untrimmed++
		elseItems := p.content(inFor)
		n.empty = p.trim(elseItems, false, false)
		p.untrimmed--
		empty = true
	}
	if empty && n.empty == nil {
		n.empty = []node{}
	}
	trimEnd, right := p.endTag(at, "endfor", false)
	n.body = p.trim(items, trimStart, trimEnd)
	return item{n, left, right}
}
