package tera

import (
	"errors"
	"slices"
)

// body renders nodes until one of them jumps.
func (r *run) body(nodes []node) error {
	for _, n := range nodes {
		err := r.spend(1)
		if err == nil {
			err = r.node(n)
		}
		if err != nil {
			return r.located(err, n.place())
		}
		if r.jump != jumpNone {
			return nil
		}
	}
	return nil
}

func (r *run) node(n node) error {
	switch n := n.(type) {
	case *textNode:
		return r.write(n.text)
	case *outputNode:
		return r.output(n.expr)
	case *forNode:
		return r.forLoop(n)
	case *ifNode:
		for _, b := range n.branches {
			yes, err := r.condition(b.cond)
			if err != nil {
				return r.located(err, b.cond.at)
			}
			if yes {
				return r.body(b.body)
			}
		}
		return r.body(n.otherwise)
	case *setNode:
		v, err := r.unescaped(n.expr)
		if err != nil {
			return err
		}
		r.assign(n.name, v, n.global)
	case *includeNode:
		return r.include(n)
	case *blockNode:
		return r.block(n)
	case *superNode:
		return r.super(n)
	case *rawNode:
		return r.write(n.text)
	case *filterNode:
		return r.filterSection(n)
	case *jumpNode:
		// The else of a loop is not inside that loop.
		if r.top().loop == nil {
			return r.fail(n.at, "break and continue need a for loop around them")
		}
		r.jump = n.jump
	}
	return nil
}

// output renders an expression. Text goes to the output without being copied
// on the way where that makes no difference.
func (r *run) output(e *expr) error {
	if m, ok := e.term.(*macroTerm); ok && len(e.filters) == 0 && !e.negated {
		return r.callMacro(m)
	}
	v, escapable, err := r.value(e)
	if err != nil {
		return err
	}
	if s, ok := v.(string); ok {
		if r.escape && escapable {
			return r.writeEscaped(s)
		}
		return r.write(s)
	}
	return r.print(v, 0)
}

func (r *run) forLoop(n *forNode) error {
	l, err := r.startLoop(n)
	if err != nil {
		return err
	}
	if len(l.items) == 0 {
		return r.body(n.empty)
	}
	r.push(frame{kind: frameLoop, tpl: r.top().tpl, loop: l})
	for range l.items {
		if err := r.spend(1); err != nil {
			return err
		}
		if err := r.body(n.body); err != nil {
			return err
		}
		jumped := r.jump
		r.jump = jumpNone
		if jumped == jumpBreak {
			break
		}
		f := r.top()
		f.vars = f.vars[:0]
		l.current++
	}
	r.pop()
	return nil
}

func (r *run) startLoop(n *forNode) (*loop, error) {
	switch n.container.term.(type) {
	case *path, *call, *arrayTerm:
	default:
		return nil, r.fail(n.container.at, "a for loop needs a variable, a function call or an array to go over")
	}
	v, err := r.unescaped(n.container)
	if err != nil {
		return nil, err
	}
	l := &loop{key: n.key, value: n.value}
	switch v := v.(type) {
	case []any:
		l.items = v
	case string:
		if err := r.spend(len(v)); err != nil {
			return nil, err
		}
		l.items = graphemes(v)
	case map[string]any:
		if n.key == "" {
			return nil, r.fail(n.container.at, "a for loop over an object needs a key and a value: {%% for key, %s in … %%}", n.value)
		}
		l.keys = keys(v)
		slices.Sort(l.keys)
		l.items = make([]any, len(l.keys))
		for i, k := range l.keys {
			l.items[i] = v[k]
		}
		return l, r.charge(v)
	default:
		return nil, r.fail(n.container.at, "cannot loop over %s", kindName(v))
	}
	if n.key != "" {
		return nil, r.fail(n.container.at, "a for loop with a key and a value needs an object, this is %s", kindName(v))
	}
	return l, nil
}

func (r *run) filterSection(n *filterNode) error {
	s, err := r.capture(func() error { return r.body(n.body) })
	if err != nil {
		return err
	}
	if n.filter.name == "safe" {
		return r.write(s)
	}
	v, err := r.applyFilter(n.filter, s)
	if err != nil {
		return err
	}
	return r.print(v, 0)
}

func (r *run) include(n *includeNode) error {
	for _, name := range n.names {
		t, ok := r.env.templates[name]
		if !ok {
			continue
		}
		if _, err := r.env.link(t); err != nil {
			return r.traced(err, n.at, "include")
		}
		outer := r.source
		err := r.enter()
		if err == nil {
			r.push(frame{kind: frameInclude, tpl: t})
			r.source = t
			if t.parent != nil {
				err = r.fail(t.parent.at, "an included template cannot extend another (`%s`)", t.parent.name)
			} else {
				err = r.body(t.nodes)
			}
			r.source = outer
			r.pop()
		}
		r.leave()
		return r.traced(err, n.at, "include")
	}
	if n.ignoreMissing {
		return nil
	}
	if len(n.names) == 1 {
		return r.errorAt(n.at, ErrTemplateNotFound, "the included template `%s` does not exist%s", n.names[0], suggest(n.names[0], keys(r.env.templates)))
	}
	return r.errorAt(n.at, ErrTemplateNotFound, "none of the included templates %q exists", n.names)
}

// traced notes a call on the way to an error.
func (r *run) traced(err error, at int32, what string) error {
	if err == nil {
		return nil
	}
	err = r.located(err, at)
	var e *Error
	if errors.As(err, &e) && len(e.Trace) < 16 {
		line, column, _ := locate(r.source.source, int(at))
		e.Trace = append(e.Trace, Location{r.source.name, line, column, what})
	}
	return err
}

// block renders the most derived definition of a block: that of the template
// being rendered or else of its closest parent.
func (r *run) block(n *blockNode) error {
	active := r.top().tpl
	var parents []*template
	if linked, err := r.env.link(active); err != nil {
		return err
	} else {
		parents = linked.parents
	}
	for level := 0; level <= len(parents); level++ {
		t := active
		if level > 0 {
			t = parents[level-1]
		}
		if def := t.blocks[n.name]; def != nil {
			r.blocks = append(r.blocks, openBlock{n.name, t, level})
			return r.blockBody(t, def.body)
		}
	}
	return r.blockBody(r.source, n.body)
}

func (r *run) blockBody(t *template, nodes []node) error {
	outer := r.source
	r.source = t
	err := r.enter()
	if err == nil {
		err = r.body(nodes)
	}
	r.leave()
	r.source = outer
	return err
}

// super renders the definition of the current block in the next parent that
// has one.
func (r *run) super(n *superNode) error {
	parents := r.tpl.parents
	if len(r.blocks) == 0 {
		// An earlier super() closed the block: the one around this stands for it.
		level := slices.Index(parents, r.source) + 1
		r.blocks = append(r.blocks, openBlock{n.block, r.source, level})
	}
	current := r.blocks[len(r.blocks)-1]
	for level := current.level + 1; level <= len(parents); level++ {
		t := parents[level-1]
		def := t.blocks[current.name]
		if def == nil {
			continue
		}
		r.blocks = append(r.blocks, openBlock{current.name, t, level})
		if err := r.blockBody(t, def.body); err != nil {
			return r.traced(err, n.at, "super()")
		}
		r.blocks = r.blocks[:len(r.blocks)-1]
		if level >= len(parents) {
			r.blocks = r.blocks[:len(r.blocks)-1]
		}
		return nil
	}
	return r.fail(n.at, "super() in block `%s`: no parent defines it", current.name)
}
