package xsd

import (
	"math"
	"math/big"
	"strconv"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Castable reports whether datatype is one that [Cast] makes: the constructor
// functions of SPARQL 1.1, section 17.5, and those of the other types known here.
func Castable(datatype string) bool {
	return datatype == rdf.XSDString || Known(datatype)
}

// CastString reads a string as datatype, with the lexical form kept to the
// canonical one.
func CastString(s, datatype string) (rdf.Term, bool) {
	if datatype == rdf.XSDString {
		return rdf.NewLiteral(s), true
	}
	v, ok := Parse(s, datatype)
	if !ok {
		return rdf.Term{}, false
	}
	return rdf.NewTypedLiteral(v.lexical(), datatype), true
}

// Cast converts v to datatype. ok is false where there is no such conversion or
// the value does not fit.
func Cast(v Value, datatype string) (t rdf.Term, ok bool) {
	if datatype == rdf.XSDString {
		switch v.kind {
		case Float:
			return rdf.NewLiteral(formatFloatingAsString(v.f, 32)), true
		case Double:
			return rdf.NewLiteral(formatFloatingAsString(v.f, 64)), true
		}
		return rdf.NewLiteral(v.lexical()), v.kind != None
	}
	switch datatype {
	case rdf.XSDBoolean:
		b, ok := v.EffectiveBoolean()
		return NewBoolean(b).Term(), ok
	case rdf.XSDDouble, rdf.XSDFloat:
		kind := Double
		if datatype == rdf.XSDFloat {
			kind = Float
		}
		if v.kind == Boolean {
			return floating(kind, float64(v.i)).Term(), true
		}
		return floating(kind, v.Float64()).Term(), v.IsNumeric()
	case rdf.XSDDateTime, rdf.XSDDateTimeStamp, rdf.XSDDate, rdf.XSDTime:
		return castTemporal(v, datatype)
	case rdf.XSDDayTimeDuration, rdf.XSDYearMonthDuration:
		return v.Term(), v.datatype() == datatype
	}
	d, ok := toDecimal(v)
	if !ok {
		return rdf.Term{}, false
	}
	if datatype == rdf.XSDDecimal {
		return d.Term(), true
	}
	whole := exact(Integer, new(big.Int).Quo(d.digits(), pow10(int(d.scale))), 0)
	if bounds, derived := derivedIntegers[datatype]; derived && !bounds.hold(whole) || !IsNumericType(datatype) {
		return rdf.Term{}, false
	}
	return rdf.NewTypedLiteral(whole.lexical(), datatype), true
}

func toDecimal(v Value) (Value, bool) {
	switch v.kind {
	case Boolean, Integer, Decimal:
		v.kind = Decimal
		return v, true
	case Float, Double:
		if math.IsNaN(v.f) || math.IsInf(v.f, 0) {
			return Value{}, false
		}
		bits := 64
		if v.kind == Float {
			bits = 32
		}
		return parseDecimal(strconv.FormatFloat(v.f, 'f', -1, bits))
	}
	return Value{}, false
}

func castTemporal(v Value, datatype string) (rdf.Term, bool) {
	if !v.IsTemporal() {
		return rdf.Term{}, false
	}
	day := floorDiv(v.i, secondsPerDay) * secondsPerDay
	switch {
	case datatype == v.datatype():
	case datatype == rdf.XSDDateTimeStamp && v.kind == DateTime && v.zoned:
		return rdf.NewTypedLiteral(v.lexical(), datatype), true
	case datatype == rdf.XSDDateTime && v.kind == Date:
		v.kind = DateTime
	case datatype == rdf.XSDDate && v.kind == DateTime:
		v.kind, v.i, v.scale = Date, day, 0
	case datatype == rdf.XSDTime && v.kind == DateTime:
		v.kind, v.i = Time, v.i-day
	default:
		return rdf.Term{}, false
	}
	return v.Term(), true
}
