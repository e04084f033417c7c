package tera

// The filters, functions and tests built into the language see the render
// they are part of, so that they can count their work.
type (
	filterImpl   func(in *invocation, value any) (any, error)
	functionImpl func(in *invocation) (any, error)
	testImpl     func(r *run, value any, defined bool, args []any) (bool, error)
)

// invocation is one call of a filter or function.
type invocation struct {
	run  *run
	args []binding
}

func (in *invocation) arg(name string) (any, bool) {
	for i := range in.args {
		if in.args[i].name == name {
			return in.args[i].value, true
		}
	}
	return nil, false
}

func (in *invocation) argMap() map[string]any {
	m := make(map[string]any, len(in.args))
	for _, a := range in.args {
		m[a.name] = a.value
	}
	return m
}
