package tera

// callError places the failure of a filter, function or test.
func (r *run) callError(at int32, what, name string, err error) error {
	if fatal(err) {
		return err
	}
	return r.errorAt(at, err, "the %s `%s` failed", what, name)
}

// argumentsOf evaluates the arguments of a call.
func (r *run) argumentsOf(args []keyword) ([]binding, error) {
	if len(args) == 0 {
		return nil, nil
	}
	values := make([]binding, len(args))
	for i, a := range args {
		v, err := r.unescaped(a.expr)
		if err != nil {
			return nil, err
		}
		if err := r.charge(v); err != nil {
			return nil, err
		}
		values[i] = binding{a.name, v}
	}
	return values, nil
}

func (r *run) callFunction(c *call) (any, error) {
	f, ok := r.env.functions[c.name]
	if !ok {
		return nil, r.fail(c.at, "there is no function `%s`%s", c.name, suggest(c.name, keys(r.env.functions)))
	}
	args, err := r.argumentsOf(c.args)
	if err != nil {
		return nil, err
	}
	v, err := f(&invocation{r, args})
	if err != nil {
		return nil, r.callError(c.at, "function", c.name, err)
	}
	v = plain(v)
	return v, r.charge(v)
}

func (r *run) applyFilter(c *call, value any) (any, error) {
	f, ok := r.env.filters[c.name]
	if !ok {
		return nil, r.fail(c.at, "there is no filter `%s`%s", c.name, suggest(c.name, keys(r.env.filters)))
	}
	args, err := r.argumentsOf(c.args)
	if err != nil {
		return nil, err
	}
	if err := r.charge(value); err != nil {
		return nil, err
	}
	v, err := f(&invocation{r, args}, value)
	if err != nil {
		return nil, r.callError(c.at, "filter", c.name, err)
	}
	v = plain(v)
	return v, r.charge(v)
}

func (r *run) callMacro(m *macroTerm) error {
	scope := r.top().tpl
	switch root := r.tpl.root(); {
	case len(r.blocks) > 0:
		scope = r.blocks[len(r.blocks)-1].tpl
	case root != r.tpl.template:
		scope = root
	}
	linked, err := r.env.link(scope)
	if err != nil {
		return err
	}
	source, ok := linked.namespaces[m.namespace]
	if !ok {
		return r.fail(m.at, "there is no macro namespace `%s` in `%s`; is its import missing?%s", m.namespace, scope.name, suggest(m.namespace, keys(linked.namespaces)))
	}
	def, ok := source.macros[m.name]
	if !ok {
		return r.fail(m.at, "there is no macro `%s` in `%s`%s", m.name, source.name, suggest(m.name, keys(source.macros)))
	}
	vars := make([]binding, 0, len(def.params)+2)
	for _, prm := range def.params {
		e := prm.value
		for i := range m.args {
			if m.args[i].name == prm.name {
				e = m.args[i].expr
			}
		}
		if e == nil {
			return r.fail(m.at, "the macro `%s` needs an argument `%s`", m.name, prm.name)
		}
		v, err := r.unescaped(e)
		if err != nil {
			return err
		}
		vars = append(vars, binding{prm.name, v})
	}
	outer := r.source
	err = r.enter()
	if err == nil {
		r.push(frame{kind: frameMacro, tpl: source, vars: vars})
		r.source = source
		err = r.body(def.body)
		r.source = outer
		r.pop()
	}
	r.leave()
	return r.traced(err, m.at, "macro "+m.namespace+"::"+m.name)
}
