package xsd

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// DivisionScale is how many digits after the point a division of decimals keeps
// where the quotient has more.
const DivisionScale = 24

// Errors of arithmetic.
var (
	ErrType         = errors.New("operand is not of a fitting type")
	ErrDivideByZero = errors.New("division by zero")
	ErrTooLarge     = fmt.Errorf("number has more than %d digits", MaxDigits)
)

// exact makes an integer or decimal from digits, in the shortest form.
func exact(kind Kind, digits *big.Int, scale int) Value {
	if digits.IsInt64() {
		return Value{kind: kind, i: digits.Int64(), scale: int32(scale)}
	}
	return Value{kind: kind, big: digits, scale: int32(scale)}
}

func (v Value) digits() *big.Int {
	if v.big != nil {
		return v.big
	}
	return big.NewInt(v.i)
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// align gives the digits of two exact numbers at their larger scale.
func align(a, b Value) (x, y *big.Int, scale int) {
	x, y = a.digits(), b.digits()
	switch d := int(a.scale - b.scale); {
	case d > 0:
		y = new(big.Int).Mul(y, pow10(d))
	case d < 0:
		x = new(big.Int).Mul(x, pow10(-d))
	}
	return x, y, int(max(a.scale, b.scale))
}

func compareExact(a, b Value) int {
	if a.big == nil && b.big == nil && a.scale == b.scale {
		switch {
		case a.i < b.i:
			return -1
		case a.i > b.i:
			return 1
		}
		return 0
	}
	x, y, _ := align(a, b)
	return x.Cmp(y)
}

// Float64 gives a number as a double.
func (v Value) Float64() float64 {
	switch {
	case v.kind == Float || v.kind == Double:
		return v.f
	case v.big == nil && v.scale == 0:
		return float64(v.i)
	}
	f, _ := strconv.ParseFloat(v.formatExact(), 64)
	return f
}

// Arith computes a op b, op being one of + - * /. The result has the wider of
// the two types; integers divide to a decimal (SPARQL 1.1, section 17.3).
// Durations may be added to and subtracted from dateTimes, dates and times.
func Arith(op byte, a, b Value) (Value, error) {
	if !a.IsNumeric() || !b.IsNumeric() {
		return temporalArith(op, a, b)
	}
	kind := max(a.kind, b.kind)
	if kind >= Float {
		return floatArith(op, kind, a.Float64(), b.Float64()), nil
	}
	if a.big == nil && b.big == nil && a.scale == b.scale {
		if v, ok := smallArith(op, kind, a, b); ok {
			return v, nil
		}
	}
	return exactArith(op, kind, a, b)
}

// smallArith is the path without big numbers; ok is false where it can't be used.
func smallArith(op byte, kind Kind, a, b Value) (v Value, ok bool) {
	switch op {
	case '+':
		sum := a.i + b.i
		return shortest(kind, sum, a.scale), (sum > a.i) == (b.i > 0)
	case '-':
		diff := a.i - b.i
		return shortest(kind, diff, a.scale), (diff < a.i) == (b.i > 0)
	case '*':
		const half = 1 << 31
		ok = a.scale == 0 && a.i > -half && a.i < half && b.i > -half && b.i < half
		return Value{kind: kind, i: a.i * b.i}, ok
	}
	return Value{}, false
}

// shortest makes an exact number without zeros at its end.
func shortest(kind Kind, digits int64, scale int32) Value {
	for scale > 0 && digits%10 == 0 {
		digits, scale = digits/10, scale-1
	}
	return Value{kind: kind, i: digits, scale: scale}
}

func floatArith(op byte, kind Kind, x, y float64) Value {
	switch op {
	case '+':
		return floating(kind, x+y)
	case '-':
		return floating(kind, x-y)
	case '*':
		return floating(kind, x*y)
	}
	return floating(kind, x/y)
}

func exactArith(op byte, kind Kind, a, b Value) (Value, error) {
	x, y, scale := align(a, b)
	var digits *big.Int
	switch op {
	case '+':
		digits = new(big.Int).Add(x, y)
	case '-':
		digits = new(big.Int).Sub(x, y)
	case '*':
		digits = new(big.Int).Mul(a.digits(), b.digits())
		scale = int(a.scale + b.scale)
	default:
		if y.Sign() == 0 {
			return Value{}, ErrDivideByZero
		}
		kind, scale = Decimal, DivisionScale
		digits = divideRounded(new(big.Int).Mul(x, pow10(DivisionScale)), y)
	}
	if digits.BitLen() > MaxDigits*3 {
		return Value{}, ErrTooLarge
	}
	digits, scale = stripZeros(digits, scale)
	return exact(kind, digits, scale), nil
}

// divideRounded is x/y rounded half away from zero.
func divideRounded(x, y *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if new(big.Int).Abs(r.Lsh(r, 1)).CmpAbs(y) >= 0 {
		q.Add(q, big.NewInt(int64(x.Sign()*y.Sign())))
	}
	return q
}

func stripZeros(digits *big.Int, scale int) (*big.Int, int) {
	ten, r := big.NewInt(10), new(big.Int)
	for scale > 0 {
		q := new(big.Int)
		q.QuoRem(digits, ten, r)
		if r.Sign() != 0 {
			break
		}
		digits, scale = q, scale-1
	}
	return digits, scale
}

// Negate gives -v.
func Negate(v Value) (Value, error) {
	switch v.kind {
	case Float, Double:
		return Value{kind: v.kind, f: -v.f}, nil
	case Integer, Decimal:
		return exact(v.kind, new(big.Int).Neg(v.digits()), int(v.scale)), nil
	}
	return Value{}, ErrType
}

// Rounding is a way to make a number whole.
type Rounding uint8

// The ways of CEIL, FLOOR and ROUND (halves go up).
const (
	Ceil Rounding = iota
	Floor
	Round
)

// ToWhole makes a number whole; it keeps its type.
func ToWhole(how Rounding, v Value) (Value, error) {
	switch v.kind {
	case Integer:
		return v, nil
	case Decimal:
		return wholeDecimal(how, v), nil
	case Float, Double:
		f := v.f
		switch how {
		case Ceil:
			f = math.Ceil(f)
		case Floor:
			f = math.Floor(f)
		case Round: // f+0.5 would round 0.49999999999999994 up
			whole := math.Floor(f)
			if f-whole >= 0.5 {
				whole++
			}
			f = math.Copysign(whole, f)
		}
		return floating(v.kind, f), nil
	}
	return Value{}, ErrType
}

func wholeDecimal(how Rounding, v Value) Value {
	if v.scale == 0 {
		return v
	}
	unit := pow10(int(v.scale))
	digits := v.digits()
	switch how {
	case Ceil:
		digits = new(big.Int).Add(digits, new(big.Int).Sub(unit, big.NewInt(1)))
	case Round:
		digits = new(big.Int).Add(digits, new(big.Int).Rsh(unit, 1))
	}
	// Div is Euclidean: with a positive unit it rounds down.
	return exact(Decimal, new(big.Int).Div(digits, unit), 0)
}

// Abs gives the absolute value of a number.
func Abs(v Value) (Value, error) {
	switch v.kind {
	case Float, Double:
		return Value{kind: v.kind, f: math.Abs(v.f)}, nil
	case Integer, Decimal:
		if v.digits().Sign() < 0 {
			return Negate(v)
		}
		return v, nil
	}
	return Value{}, ErrType
}

func (v Value) formatExact() string {
	if v.scale == 0 {
		if v.big != nil {
			return v.big.String()
		}
		return strconv.FormatInt(v.i, 10)
	}
	digits := new(big.Int).Abs(v.digits()).String()
	sign := ""
	if v.digits().Sign() < 0 {
		sign = "-"
	}
	scale := int(v.scale)
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	point := len(digits) - scale
	return sign + digits[:point] + "." + digits[point:]
}

// formatFloating writes the canonical form of XML Schema: 1.0E0.
func formatFloating(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, bits), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exp)
	return mantissa + "E" + strconv.Itoa(n)
}

// formatFloatingAsString is the cast of a float or double to a string (XPath
// Functions 3.1, section 19.1.2.2): without exponent between 1e-6 and 1e6.
func formatFloatingAsString(f float64, bits int) string {
	if a := math.Abs(f); a == 0 || a >= 1e-6 && a < 1e6 {
		return strconv.FormatFloat(f, 'f', -1, bits)
	}
	return formatFloating(f, bits)
}

// Term gives v as a literal with its canonical lexical form.
func (v Value) Term() rdf.Term {
	return rdf.NewTypedLiteral(v.lexical(), v.datatype())
}

func (v Value) lexical() string {
	switch v.kind {
	case Boolean:
		return strconv.FormatBool(v.i != 0)
	case Integer, Decimal:
		return v.formatExact()
	case Float:
		return formatFloating(v.f, 32)
	case Double:
		return formatFloating(v.f, 64)
	case DayTimeDuration, YearMonthDuration:
		return formatDuration(v)
	}
	return formatTemporal(v)
}

func (v Value) datatype() string {
	return [...]string{"", rdf.XSDBoolean, rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDFloat, rdf.XSDDouble,
		rdf.XSDDateTime, rdf.XSDDate, rdf.XSDTime, rdf.XSDDayTimeDuration, rdf.XSDYearMonthDuration}[v.kind]
}
