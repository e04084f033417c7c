package sparql

// closure is the transitive closure of a relation between the nodes of a graph,
// kept as its strongly connected components: all members of one reach the same
// nodes, so that cycles cost nothing.
type closure struct {
	nodes     []id     // in order
	component []int32  // of each node
	members   []int32  // nodes, by component
	first     []int32  // of each component in members; one more at the end
	edges     []int32  // components, by component, without repeats
	firstEdge []int32  // of each component in edges; one more at the end
	cyclic    []bool   // the component's members reach themselves
	reached   []uint32 // stamps of a search
	now       uint32
	stack     []int32
}

// relation is a directed graph of numbered nodes.
type relation struct {
	first []int32 // of each node in to; one more at the end
	to    []int32
}

// newClosure walks the path once from each node.
func newClosure(c *repeatCursor, p *repeatPath) *closure {
	x := c.x
	cl := &closure{}
	number := make([]int32, len(x.terms.store.records))
	c.each(func(n id) bool {
		number[n] = int32(len(cl.nodes))
		cl.nodes = append(cl.nodes, n)
		return x.charge(24)
	})
	x.charge(int64(4 * len(number)))
	r := relation{first: make([]int32, 1, len(cl.nodes)+1)}
	for _, n := range cl.nodes {
		p.sub.walk(x, n, false, func(m id) bool {
			r.to = append(r.to, number[m])
			return x.charge(8)
		})
		if x.err != nil {
			return cl
		}
		r.first = append(r.first, int32(len(r.to)))
	}
	cl.components(r)
	cl.condense(r)
	x.release(int64(4*len(number) + 4*len(r.to)))
	return cl
}

// components is Tarjan's algorithm, with a stack of its own instead of recursion.
func (cl *closure) components(r relation) {
	n := len(cl.nodes)
	cl.component = make([]int32, n)
	order, low := make([]int32, n), make([]int32, n) // order 0: not seen
	onStack := make([]bool, n)
	edge := make([]int32, n) // the next edge to follow
	var stack, calls []int32
	seen := int32(0)
	for root := range int32(n) {
		if order[root] != 0 {
			continue
		}
		calls = append(calls, root)
		for len(calls) > 0 {
			v := calls[len(calls)-1]
			if order[v] == 0 {
				seen++
				order[v], low[v], edge[v] = seen, seen, r.first[v]
				stack = append(stack, v)
				onStack[v] = true
			}
			if edge[v] < r.first[v+1] {
				w := r.to[edge[v]]
				edge[v]++
				if order[w] == 0 {
					calls = append(calls, w)
				} else if onStack[w] {
					low[v] = min(low[v], order[w])
				}
				continue
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				parent := calls[len(calls)-1]
				low[parent] = min(low[parent], low[v])
			}
			if low[v] == order[v] {
				stack = cl.closeComponent(v, stack, onStack)
			}
		}
	}
	cl.first = append(cl.first, int32(len(cl.members)))
}

// closeComponent takes the component of v from the stack.
func (cl *closure) closeComponent(v int32, stack []int32, onStack []bool) []int32 {
	number := int32(len(cl.first))
	cl.first = append(cl.first, int32(len(cl.members)))
	for {
		w := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		onStack[w] = false
		cl.component[w] = number
		cl.members = append(cl.members, w)
		if w == v {
			return stack
		}
	}
}

// condense makes the relation between components.
func (cl *closure) condense(r relation) {
	n := len(cl.first) - 1
	cl.cyclic = make([]bool, n)
	cl.reached = make([]uint32, n)
	cl.firstEdge = make([]int32, 1, n+1)
	for c := range int32(n) {
		cl.now++
		for _, v := range cl.members[cl.first[c]:cl.first[c+1]] {
			for _, w := range r.to[r.first[v]:r.first[v+1]] {
				d := cl.component[w]
				if d == c {
					cl.cyclic[c] = true
				} else if cl.reached[d] != cl.now {
					cl.reached[d] = cl.now
					cl.edges = append(cl.edges, d)
				}
			}
		}
		cl.firstEdge = append(cl.firstEdge, int32(len(cl.edges)))
	}
}

// pairs calls visit for each pair of the closure, or of the reflexive closure.
func (cl *closure) pairs(x *exec, reflexive bool, visit func(s, o id) bool) bool {
	for i, s := range cl.nodes {
		start := cl.component[i]
		if cl.now++; cl.now == 0 {
			clear(cl.reached)
			cl.now = 1
		}
		cl.reached[start] = cl.now
		cl.stack = append(cl.stack[:0], start)
		for len(cl.stack) > 0 {
			c := cl.stack[len(cl.stack)-1]
			cl.stack = cl.stack[:len(cl.stack)-1]
			if c != start || reflexive || cl.cyclic[c] {
				for _, v := range cl.members[cl.first[c]:cl.first[c+1]] {
					if !visit(s, cl.nodes[v]) {
						return false
					}
				}
			}
			for _, d := range cl.edges[cl.firstEdge[c]:cl.firstEdge[c+1]] {
				if cl.reached[d] != cl.now {
					cl.reached[d] = cl.now
					cl.stack = append(cl.stack, d)
				}
			}
		}
		if !x.tick() {
			return false
		}
	}
	return true
}
