package sparql

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// builtins are the built-in functions (section 17.4) that are functions of
// their arguments' values, by the names of package syntax. Strings are in
// functions_string.go.
var builtins = map[string]function{
	"STR":         str,
	"LANG":        lang,
	"DATATYPE":    datatype,
	"IRI":         iri,
	"BNODE":       bnode,
	"STRDT":       strdt,
	"STRLANG":     strlang,
	"UUID":        func(x *exec, _ []val) (val, bool) { u, ok := x.uuid(); return iriVal("urn:uuid:" + u), ok },
	"STRUUID":     func(x *exec, _ []val) (val, bool) { u, ok := x.uuid(); return stringVal(u), ok },
	"SAMETERM":    func(_ *exec, a []val) (val, bool) { return boolVal(a[0].asTerm() == a[1].asTerm()), true },
	"ISIRI":       isKind(rdf.IRI),
	"ISBLANK":     isKind(rdf.BlankNode),
	"ISLITERAL":   isKind(rdf.Literal),
	"ISNUMERIC":   isNumeric,
	"ABS":         numeric(xsd.Abs),
	"CEIL":        rounding(xsd.Ceil),
	"FLOOR":       rounding(xsd.Floor),
	"ROUND":       rounding(xsd.Round),
	"RAND":        random,
	"NOW":         now,
	"YEAR":        datePart(xsd.Year),
	"MONTH":       datePart(xsd.Month),
	"DAY":         datePart(xsd.Day),
	"HOURS":       datePart(xsd.Hours),
	"MINUTES":     datePart(xsd.Minutes),
	"SECONDS":     datePart(xsd.Seconds),
	"TIMEZONE":    timezone,
	"TZ":          tz,
	"MD5":         digest(md5.New),
	"SHA1":        digest(sha1.New),
	"SHA256":      digest(sha256.New),
	"SHA384":      digest(sha512.New384),
	"SHA512":      digest(sha512.New),
	"STRLEN":      strlen,
	"SUBSTR":      substr,
	"UCASE":       mapText(upper),
	"LCASE":       mapText(strings.ToLower),
	"STRSTARTS":   compareText(strings.HasPrefix),
	"STRENDS":     compareText(strings.HasSuffix),
	"CONTAINS":    compareText(strings.Contains),
	"STRBEFORE":   strbefore,
	"STRAFTER":    strafter,
	"CONCAT":      concat,
	"LANGMATCHES": langMatches,

	"ENCODE_FOR_URI": encodeForURI,
}

func str(_ *exec, a []val) (val, bool) {
	t := a[0].asTerm()
	return stringVal(t.Value), t.Kind != rdf.BlankNode
}

func lang(_ *exec, a []val) (val, bool) { return stringVal(a[0].term.Lang), a[0].isLiteral() }

func datatype(_ *exec, a []val) (val, bool) { return iriVal(a[0].asTerm().Datatype), a[0].isLiteral() }

// iri resolves a string against the query's base.
func iri(x *exec, a []val) (val, bool) {
	switch {
	case a[0].term.Kind == rdf.IRI:
		return a[0], true
	case !a[0].isString():
		return val{}, false
	}
	absolute, err := rdf.ResolveIRI(x.base, a[0].term.Value)
	return iriVal(absolute), err == nil
}

func bnode(x *exec, a []val) (val, bool) {
	if len(a) == 0 {
		return termVal(x.freshBlank()), true
	}
	return termVal(x.blankFor(a[0].term.Value)), a[0].isString()
}

func strdt(_ *exec, a []val) (val, bool) {
	return termVal(rdf.NewTypedLiteral(a[0].term.Value, a[1].term.Value)), a[0].isString() && a[1].term.Kind == rdf.IRI
}

func strlang(_ *exec, a []val) (val, bool) {
	ok := a[0].isString() && a[1].isString() && a[1].term.Value != ""
	return langVal(a[0].term.Value, a[1].term.Value), ok
}

func isKind(kind rdf.Kind) function {
	return func(_ *exec, a []val) (val, bool) {
		if a[0].isTyped {
			return boolVal(kind == rdf.Literal), true
		}
		return boolVal(a[0].term.Kind == kind), true
	}
}

func isNumeric(_ *exec, a []val) (val, bool) {
	v, ok := a[0].asTyped()
	return boolVal(ok && v.IsNumeric()), true
}

func numeric(f func(xsd.Value) (xsd.Value, error)) function {
	return func(_ *exec, a []val) (val, bool) {
		v, ok := a[0].asTyped()
		if !ok {
			return val{}, false
		}
		v, err := f(v)
		return typedVal(v), err == nil
	}
}

func rounding(how xsd.Rounding) function {
	return numeric(func(v xsd.Value) (xsd.Value, error) { return xsd.ToWhole(how, v) })
}

func random(x *exec, _ []val) (val, bool) {
	if x.opts.Rand == nil {
		x.fail(fmt.Errorf("RAND: %w", ErrNoRand))
		return val{}, false
	}
	return typedVal(xsd.NewDouble(x.opts.Rand.Float64())), true
}

func now(x *exec, _ []val) (val, bool) {
	if x.opts.Now.IsZero() {
		x.fail(fmt.Errorf("NOW: %w", ErrNoClock))
		return val{}, false
	}
	return typedVal(xsd.NewDateTime(x.opts.Now)), true
}

func datePart(part xsd.Component) function {
	return numeric(func(v xsd.Value) (xsd.Value, error) { return v.Part(part) })
}

func timezone(_ *exec, a []val) (val, bool) {
	v, _ := a[0].asTyped()
	zone, ok := v.Timezone()
	return typedVal(zone), ok
}

func tz(_ *exec, a []val) (val, bool) {
	v, _ := a[0].asTyped()
	zone, ok := v.TZ()
	return stringVal(zone), ok
}

func digest(newHash func() hash.Hash) function {
	return func(_ *exec, a []val) (val, bool) {
		if !a[0].isString() {
			return val{}, false
		}
		h := newHash()
		h.Write([]byte(a[0].term.Value))
		return stringVal(hex.EncodeToString(h.Sum(nil))), true
	}
}

// namedFunction gives the function that an IRI names: a cast (section 17.5) or
// one of the caller's.
func (t *translator) namedFunction(call *syntax.FuncCall) function {
	if f, ok := t.functions[call.IRI]; ok {
		return func(_ *exec, args []val) (val, bool) {
			terms := make([]rdf.Term, len(args))
			for i := range args {
				terms[i] = args[i].asTerm()
			}
			out, err := f(terms)
			return termVal(out), err == nil && !out.IsZero()
		}
	}
	if xsd.Castable(call.IRI) && len(call.Args) == 1 {
		return func(_ *exec, args []val) (val, bool) { return cast(&args[0], call.IRI) }
	}
	t.errs = append(t.errs, fmt.Errorf("unknown function <%s> of %d arguments", call.IRI, len(call.Args)))
	return nil
}

func cast(v *val, datatype string) (val, bool) {
	if v.term.Kind == rdf.IRI && datatype == rdf.XSDString {
		return stringVal(v.term.Value), true
	}
	if v.isString() {
		t, ok := xsd.CastString(v.term.Value, datatype)
		return termVal(t), ok
	}
	if typed, ok := v.asTyped(); ok {
		t, ok := xsd.Cast(typed, datatype)
		return termVal(t), ok
	}
	return val{}, false
}
