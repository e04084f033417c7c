package tera

// A node is a piece of a template that renders to text.
type node interface {
	// place is where it begins, in bytes from the start of the source.
	place() int32
}

type (
	textNode struct {
		at   int32
		text string
	}
	rawNode struct {
		at   int32
		text string
	}
	// blankNode renders nothing: a comment or a macro's definition, kept as
	// long as whitespace control needs to see it.
	blankNode struct{}

	outputNode struct {
		at   int32
		expr *expr
	}
	setNode struct {
		at     int32
		name   string
		global bool
		expr   *expr
	}
	ifNode struct {
		branches  []branch
		otherwise []node
	}
	branch struct {
		cond *expr
		body []node
	}
	forNode struct {
		at         int32
		key, value string
		container  *expr
		body       []node
		empty      []node
	}
	includeNode struct {
		at            int32
		names         []string
		ignoreMissing bool
	}
	filterNode struct {
		at     int32
		filter *call
		body   []node
	}
	blockNode struct {
		at   int32
		name string
		body []node
	}
	superNode struct {
		at    int32
		block string // the block around it
	}
	jumpNode struct {
		at   int32
		jump jump
	}
)

func (n *textNode) place() int32    { return n.at }
func (n *rawNode) place() int32     { return n.at }
func (blankNode) place() int32      { return 0 }
func (n *outputNode) place() int32  { return n.at }
func (n *setNode) place() int32     { return n.at }
func (n *ifNode) place() int32      { return n.branches[0].cond.at }
func (n *forNode) place() int32     { return n.at }
func (n *includeNode) place() int32 { return n.at }
func (n *filterNode) place() int32  { return n.at }
func (n *blockNode) place() int32   { return n.at }
func (n *superNode) place() int32   { return n.at }
func (n *jumpNode) place() int32    { return n.at }

// expr is a term, its filters, and whether "not" stands before it.
type expr struct {
	at      int32
	negated bool
	term    term
	filters []*call
}

func (e *expr) hasDefault() bool { return len(e.filters) > 0 && e.filters[0].name == "default" }
func (e *expr) markedSafe() bool {
	return len(e.filters) > 0 && e.filters[len(e.filters)-1].name == "safe"
}

// A term is what an expression starts from: one of the types below.
type term any

type (
	// constant is a string, int64, float64 or bool.
	constant struct{ value any }

	// path is a variable and the way into it: a.b[0]["c"][d.e].
	path struct {
		at    int32
		text  string
		root  string
		steps []step
		// dynamic: at least one step is itself a variable.
		dynamic bool
	}
	// step is one key of a path: fixed, or the value of sub.
	step struct {
		key   string
		index int // key as an array index, or -1
		sub   *path
	}

	mathTerm struct {
		op   byte // + - * / %
		l, r *expr
	}
	logicTerm struct {
		op   logicOp
		l, r *expr
	}
	inTerm struct {
		negated bool
		l, r    *expr
	}
	testTerm struct {
		at      int32
		subject *path
		negated bool
		name    string
		args    []*expr
	}
	arrayTerm  struct{ items []*expr }
	concatTerm struct{ parts []term }
	macroTerm  struct {
		at        int32
		namespace string
		name      string
		args      []keyword
	}
	// call is a filter or function with its keyword arguments.
	call struct {
		at   int32
		name string
		args []keyword
	}
	keyword struct {
		name string
		expr *expr
	}
)

type logicOp uint8

const (
	opOr logicOp = iota
	opAnd
	opEq
	opNotEq
	opLess
	opLessEq
	opGreater
	opGreaterEq
)

// template is a parsed source.
type template struct {
	name   string
	source string
	nodes  []node

	parent  *extendsTag
	imports []importTag
	macros  map[string]*macro
	blocks  map[string]*blockNode
}

type extendsTag struct {
	at   int32
	name string
}

type importTag struct {
	at        int32
	file      string
	namespace string
}

type macro struct {
	at     int32
	name   string
	params []param
	body   []node
}

// param is a macro's parameter; value is nil when it has no default.
type param struct {
	name  string
	value *expr
}
