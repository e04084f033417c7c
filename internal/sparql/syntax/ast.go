package syntax

import "github.com/sixtyhq/sixty/internal/rdf"

// Form is the kind of a query.
type Form uint8

// The four query forms.
const (
	Select Form = iota
	Construct
	Describe
	Ask
)

// Query is a parsed query or subquery. IRIs in it are absolute where a base was
// known, prefixed names are expanded.
type Query struct {
	Form     Form
	Distinct bool
	Reduced  bool

	// Star is SELECT * or DESCRIBE *; Projection is then empty.
	Star       bool
	Projection []Projection

	Template []Triple // CONSTRUCT; paths are plain predicates here
	Describe []Node   // DESCRIBE; variables and IRIs

	From, FromNamed []string

	Where *Group // nil only for a DESCRIBE without WHERE

	GroupBy []GroupKey
	Having  []Expr
	OrderBy []OrderKey
	Limit   int64 // -1: none
	Offset  int64
	Values  *Values // the VALUES clause at the end, or nil

	// Base is the base IRI in force at the end of the prologue; IRI() resolves
	// against it.
	Base string
}

// Projection is one selected variable, computed where Expr is not nil.
type Projection struct {
	Var  string
	Expr Expr
	at   int // where it is in the source
}

// GroupKey is one GROUP BY condition. Var is empty for an expression without AS.
type GroupKey struct {
	Var  string
	Expr Expr // nil: the variable itself
}

// OrderKey is one ORDER BY condition.
type OrderKey struct {
	Expr Expr
	Desc bool
}

// Node is a variable or a term in a pattern. Blank nodes of a query are
// variables that can't be projected: their Var begins with "_:".
type Node struct {
	Var  string
	Term rdf.Term
}

// IsVar reports whether n is a variable.
func (n Node) IsVar() bool { return n.Var != "" }

// Triple is a triple pattern or, where Path is neither a [PathIRI] nor a
// [PathVar], a property path pattern.
type Triple struct {
	Subject Node
	Path    Path
	Object  Node
}

// Path is a property path.
type Path interface{ path() }

type (
	// PathVar is a variable as predicate; it stands alone, not inside a path.
	PathVar struct{ Name string }
	// PathIRI is a predicate.
	PathIRI struct{ IRI string }
	// PathInverse is ^Path.
	PathInverse struct{ Path Path }
	// PathSequence is Steps[0]/Steps[1]/….
	PathSequence struct{ Steps []Path }
	// PathAlternative is Choices[0]|Choices[1]|….
	PathAlternative struct{ Choices []Path }
	// PathRepeat is Path?, Path* or Path+, by Min (0, 1) and Many.
	PathRepeat struct {
		Path Path
		Min  int
		Many bool
	}
	// PathNegated is !(Forward[0]|…|^Backward[0]|…).
	PathNegated struct{ Forward, Backward []string }
)

func (PathVar) path()         {}
func (PathIRI) path()         {}
func (PathInverse) path()     {}
func (PathSequence) path()    {}
func (PathAlternative) path() {}
func (PathRepeat) path()      {}
func (PathNegated) path()     {}

// Pattern is an element of a group graph pattern.
type Pattern interface{ pattern() }

type (
	// Group is { … }.
	Group struct{ Elements []Pattern }
	// Triples is a run of triple patterns: one basic graph pattern, and paths.
	Triples struct{ List []Triple }
	// Filter is FILTER Cond.
	Filter struct{ Cond Expr }
	// Optional is OPTIONAL Group.
	Optional struct{ Group *Group }
	// Minus is MINUS Group.
	Minus struct{ Group *Group }
	// Union is Branches[0] UNION Branches[1] UNION …; a group in braces on its
	// own is a *Group.
	Union struct{ Branches []*Group }
	// Graph is GRAPH Name Group.
	Graph struct {
		Name  Node
		Group *Group
	}
	// Service is SERVICE [SILENT] Name Group. Source is the text of the group
	// with braces, and Prologue the BASE and PREFIX lines in force there.
	Service struct {
		Name     Node
		Silent   bool
		Group    *Group
		Source   string
		Prologue string
	}
	// Bind is BIND(Expr AS Var).
	Bind struct {
		Var  string
		Expr Expr
	}
	// Values is inline data; a zero Term is UNDEF.
	Values struct {
		Vars []string
		Rows [][]rdf.Term
	}
	// SubSelect is a nested SELECT.
	SubSelect struct{ Query *Query }
)

func (*Group) pattern()     {}
func (*Triples) pattern()   {}
func (*Filter) pattern()    {}
func (*Optional) pattern()  {}
func (*Minus) pattern()     {}
func (*Union) pattern()     {}
func (*Graph) pattern()     {}
func (*Service) pattern()   {}
func (*Bind) pattern()      {}
func (*Values) pattern()    {}
func (*SubSelect) pattern() {}

// Expr is an expression.
type Expr interface{ expr() }

type (
	// Var is the value of a variable.
	Var struct{ Name string }
	// Const is a term.
	Const struct{ Term rdf.Term }
	// Or is Args[0] || Args[1] || ….
	Or struct{ Args []Expr }
	// And is Args[0] && Args[1] && ….
	And struct{ Args []Expr }
	// Not is !Arg.
	Not struct{ Arg Expr }
	// Negate is -Arg.
	Negate struct{ Arg Expr }
	// Plus is +Arg.
	Plus struct{ Arg Expr }
	// Compare is Left Op Right; Op is one of = != < > <= >=.
	Compare struct {
		Op          string
		Left, Right Expr
	}
	// In is Left [NOT] IN (List…).
	In struct {
		Left Expr
		List []Expr
		Not  bool
	}
	// Arith is First Ops[0] Rest[0] Ops[1] Rest[1] …, from left to right. The
	// operators of one Arith are all + and -, or all * and /.
	Arith struct {
		First Expr
		Ops   []byte
		Rest  []Expr
	}
	// Call is a built-in function, its name in upper case.
	Call struct {
		Name string
		Args []Expr
	}
	// FuncCall is a function named by an IRI: a cast or an extension.
	FuncCall struct {
		IRI      string
		Distinct bool
		Args     []Expr
	}
	// Exists is [NOT] EXISTS Group.
	Exists struct {
		Group *Group
		Not   bool
	}
	// Aggregate is an aggregate; Arg is nil for COUNT(*).
	Aggregate struct {
		Name      string // COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT
		Distinct  bool
		Arg       Expr
		Separator string // GROUP_CONCAT; a space where not written
	}
)

func (*Var) expr()       {}
func (*Const) expr()     {}
func (*Or) expr()        {}
func (*And) expr()       {}
func (*Not) expr()       {}
func (*Negate) expr()    {}
func (*Plus) expr()      {}
func (*Compare) expr()   {}
func (*In) expr()        {}
func (*Arith) expr()     {}
func (*Call) expr()      {}
func (*FuncCall) expr()  {}
func (*Exists) expr()    {}
func (*Aggregate) expr() {}
