package tera

import "strconv"

// path: a variable and the keys that lead into it.
func (p *parser) path() (*path, bool) {
	start := p.pos
	root, ok := p.ident()
	if !ok {
		return nil, false
	}
	v := &path{at: int32(start), root: root}
	for p.pos < len(p.src) {
		before := p.pos
		switch {
		case p.src[p.pos] == '.':
			p.pos++
			for p.pos < len(p.src) && isWord(p.src[p.pos]) {
				p.pos++
			}
			if p.pos > before+1 {
				v.steps = append(v.steps, fixedStep(p.src[before+1:p.pos]))
				continue
			}
		case p.src[p.pos] == '[':
			p.pos++
			if s, ok := p.subscript(); ok && p.literal("]") {
				v.dynamic = v.dynamic || s.sub != nil
				v.steps = append(v.steps, s)
				continue
			}
		}
		p.pos = before
		break
	}
	v.text = p.src[start:p.pos]
	return v, true
}

func (p *parser) subscript() (step, bool) {
	if text, ok := p.number(false); ok {
		return fixedStep(text), true
	}
	if s, ok := p.quoted(); ok {
		return fixedStep(s), true
	}
	p.enter()
	defer p.leave()
	sub, ok := p.path()
	return step{sub: sub}, ok
}

func fixedStep(key string) step { return step{key: key, index: arrayIndex(key)} }

// arrayIndex is key as an index, or -1: digits without a leading zero.
func arrayIndex(key string) int {
	if key == "" || len(key) > 1 && key[0] == '0' || key[0] == '+' || key[0] == '-' {
		return -1
	}
	n, err := strconv.Atoi(key)
	if err != nil {
		return -1
	}
	return n
}
