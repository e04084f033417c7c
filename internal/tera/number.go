package tera

import (
	"fmt"
	"math"
)

// number is an operand or result of maths.
type number struct {
	kind numberKind
	i    int64
	u    uint64
	f    float64
}

type numberKind uint8

const (
	// notANumber is the result of a division without one; it prints NaN.
	notANumber numberKind = iota
	integer
	unsigned // above the range of int64
	floating
)

func numberOf(v any) (number, bool) {
	switch v := v.(type) {
	case int64:
		return number{kind: integer, i: v}, true
	case uint64:
		if v <= math.MaxInt64 {
			return number{kind: integer, i: int64(v)}, true
		}
		return number{kind: unsigned, u: v}, true
	case float64:
		return number{kind: floating, f: v}, true
	}
	return number{}, false
}

func floatNumber(f float64) number {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return number{}
	}
	return number{kind: floating, f: f}
}

func (n number) value() any {
	switch n.kind {
	case integer:
		return n.i
	case unsigned:
		return n.u
	case floating:
		return n.f
	}
	return "NaN"
}

func (n number) float() float64 {
	switch n.kind {
	case integer:
		return float64(n.i)
	case unsigned:
		return float64(n.u)
	}
	return n.f
}

// asUnsigned returns n as a uint64 when it is an integer that is not negative.
func (n number) asUnsigned() (uint64, bool) {
	switch {
	case n.kind == unsigned:
		return n.u, true
	case n.kind == integer && n.i >= 0:
		return uint64(n.i), true
	}
	return 0, false
}

// operand evaluates e as a number.
func (r *run) operand(e *expr) (number, error) {
	if len(e.filters) > 0 {
		v, _, err := r.value(e)
		if err != nil {
			return number{}, err
		}
		n, ok := numberOf(v)
		if !ok {
			return number{}, r.fail(e.at, "maths needs a number, this is %s", kindName(v))
		}
		return n, nil
	}
	if err := r.spend(1); err != nil {
		return number{}, err
	}
	var v any
	var err error
	switch t := e.term.(type) {
	case *mathTerm:
		return r.maths(t)
	case *constant:
		v = t.value
	case *path:
		v, err = r.variable(t)
	case *call:
		v, err = r.callFunction(t)
	default:
		return number{}, r.fail(e.at, "maths needs a number here")
	}
	if err != nil {
		return number{}, err
	}
	n, ok := numberOf(v)
	if !ok {
		return number{}, r.fail(e.at, "maths needs a number, this is %s", kindName(v))
	}
	return n, nil
}

func (r *run) maths(t *mathTerm) (number, error) {
	l, err := r.operand(t.l)
	if err != nil {
		return number{}, err
	}
	m, err := r.operand(t.r)
	if err != nil {
		return number{}, err
	}
	if l.kind == notANumber || m.kind == notANumber {
		return number{}, nil
	}
	n, err := calculate(t.op, l, m)
	if err != nil {
		return number{}, r.fail(t.l.at, "%s", err)
	}
	return n, nil
}

// calculate follows Tera: integers stay integers and may not overflow, a
// division whose result is whole gives an integer.
func calculate(op byte, l, m number) (number, error) {
	if op == '/' {
		f := l.float() / m.float()
		if !math.IsInf(f, 0) && math.Round(f) == f {
			return number{kind: integer, i: saturate(f)}, nil
		}
		return floatNumber(f), nil
	}
	if l.kind == integer && m.kind == integer {
		return calculateInts(op, l.i, m.i)
	}
	x, xOK := l.asUnsigned()
	y, yOK := m.asUnsigned()
	if xOK && yOK {
		return calculateUnsigned(op, x, y)
	}
	a, b := l.float(), m.float()
	switch op {
	case '*':
		return floatNumber(a * b), nil
	case '%':
		return floatNumber(math.Mod(a, b)), nil
	case '+':
		a += b
	default:
		a -= b
	}
	if math.IsInf(a, 0) {
		return number{}, fmt.Errorf("the result of %c is out of range", op)
	}
	return floatNumber(a), nil
}

func calculateInts(op byte, x, y int64) (number, error) {
	var z int64
	overflow := false
	switch op {
	case '+':
		z = x + y
		overflow = (z > x) != (y > 0) && y != 0
	case '-':
		z = x - y
		overflow = (z < x) != (y > 0) && y != 0
	case '*':
		z = x * y
		overflow = x != 0 && (z/x != y || x == -1 && y == math.MinInt64)
	case '%':
		if y == 0 {
			return number{}, fmt.Errorf("%d %% 0: the remainder of a division by zero", x)
		}
		z = x % y
	}
	if overflow {
		return number{}, fmt.Errorf("%d %c %d is out of the range of 64-bit integers", x, op, y)
	}
	return number{kind: integer, i: z}, nil
}

func calculateUnsigned(op byte, x, y uint64) (number, error) {
	var z uint64
	overflow := false
	switch op {
	case '+':
		z = x + y
		overflow = z < x
	case '-':
		z = x - y
		overflow = y > x
	case '*':
		z = x * y
		overflow = x != 0 && z/x != y
	case '%':
		if y == 0 {
			return number{}, fmt.Errorf("%d %% 0: the remainder of a division by zero", x)
		}
		z = x % y
	}
	if overflow {
		return number{}, fmt.Errorf("%d %c %d is out of the range of unsigned 64-bit integers", x, op, y)
	}
	n, _ := numberOf(z)
	return n, nil
}

// saturate converts a float to the nearest int64.
func saturate(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}
