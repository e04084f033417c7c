package lang

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Bounds on what one call of a function may make.
const (
	maxElements    = 100_000
	maxStringBytes = 16 << 20
	maxDecodeDepth = 200
)

// estimate refuses arguments, all known and not null, whose result would be
// too large. It runs before the function does.
type estimate func(args []cty.Value) error

// limits are the functions whose result can be much larger than their
// arguments; range has a bound of its own, 1,024. All others are checked by their result alone, which is no larger
// than a small multiple of what they were given.
var limits = map[string]estimate{
	"format":        limitFormat,
	"formatlist":    limitFormat,
	"indent":        limitIndent,
	"join":          limitJoin,
	"replace":       limitReplace,
	"regex_replace": limitReplace,
	"setproduct":    limitProduct,
	"split":         func(args []cty.Value) error { return tooMany(strings.Count(text(args[1]), text(args[0])) + 1) },
	"regexall":      func(args []cty.Value) error { return tooMany(len(text(args[1]))) },
	"csvdecode":     func(args []cty.Value) error { return limitDecode(text(args[0]), ",\n") },
	"jsondecode":    func(args []cty.Value) error { return limitDecode(text(args[0]), ",[{") },
	"yamldecode":    limitYAML,
	"tonumber":      func(args []cty.Value) error { return smallNumber(args[0]) },
	"parseint":      func(args []cty.Value) error { return smallNumber(args[0]) },
}

// limited is a function that refuses to make more than the bounds.
func limited(name string, f function.Function) function.Function {
	check := limits[name]
	spec := &function.Spec{
		Description: f.Description(),
		Params:      lenient(f.Params()...),
		Type: func(args []cty.Value) (cty.Type, error) {
			// The type of a decoded value is found by decoding it.
			if err := checkArgs(check, args); err != nil {
				return cty.NilType, err
			}
			if all(args, Known) {
				return cty.DynamicPseudoType, nil // the result has its own
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result, err := f.Call(args)
			if err != nil {
				return cty.NilVal, err
			}
			return result, Bounded(result)
		},
	}
	if v := f.VarParam(); v != nil {
		spec.VarParam = &lenient(*v)[0]
	}
	return function.New(spec)
}

// lenient are parameters that let everything through to the function itself,
// which knows what it takes: to look twice costs more than most functions do.
func lenient(params ...function.Parameter) []function.Parameter {
	out := slices.Clone(params)
	for i := range out {
		out[i].AllowNull, out[i].AllowUnknown, out[i].AllowDynamicType, out[i].AllowMarked = true, true, true, true
	}
	return out
}

func all(vals []cty.Value, is func(cty.Value) bool) bool {
	return !slices.ContainsFunc(vals, func(v cty.Value) bool { return !is(v) })
}

func checkArgs(check estimate, args []cty.Value) error {
	for _, a := range args {
		// A list that holds one large value many times is small until then.
		if err := Bounded(a); err != nil {
			return err
		}
	}
	if check == nil {
		return nil
	}
	plain := make([]cty.Value, len(args))
	for i, a := range args {
		plain[i], _ = a.UnmarkDeep()
		if !Known(plain[i]) || plain[i].IsNull() {
			return nil
		}
	}
	return check(plain)
}

// Bounded refuses values of more than 100,000 elements or 16 MiB of text, which
// no pipeline needs and a hostile one makes by doubling.
func Bounded(val cty.Value) error {
	elements, size := 0, 0
	return bounded(val, &elements, &size, 0)
}

func bounded(val cty.Value, elements, size *int, depth int) error {
	if *elements++; *elements > maxElements {
		return fmt.Errorf("the value would have more than %d elements", maxElements)
	}
	if depth > 2*maxNesting {
		return fmt.Errorf("the value would be nested more than %d deep", 2*maxNesting)
	}
	val, _ = val.Unmark()
	if val.IsNull() || !val.IsKnown() {
		return nil
	}
	switch t := val.Type(); {
	case t == cty.String:
		if *size += len(val.AsString()); *size > maxStringBytes {
			return fmt.Errorf("the value would have more than %d bytes of text", maxStringBytes)
		}
	case t == cty.Number:
		return smallNumber(val)
	case compound(t):
		for v := range Elements(val) {
			if err := bounded(v, elements, size, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooMany(n int) error {
	if n > maxElements {
		return fmt.Errorf("the list would have more than %d elements", maxElements)
	}
	return nil
}

func tooLong(n float64) error {
	if n > maxStringBytes {
		return fmt.Errorf("the text would have more than %d bytes", maxStringBytes)
	}
	return nil
}

// text is a string argument, or empty for a value of another type, which the
// function itself refuses.
func text(val cty.Value) string {
	if val.Type() != cty.String || val.IsNull() {
		return ""
	}
	return val.AsString()
}

// textSize is the length of all strings in a value, and at least one for each
// of its elements.
func textSize(val cty.Value) float64 {
	if val.IsNull() {
		return 1
	}
	if val.Type() == cty.String {
		return float64(len(val.AsString()))
	}
	if !val.CanIterateElements() {
		return maxDigits
	}
	n := 0.0
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		n += 1 + textSize(v)
	}
	return n
}

// verb matches what format reads of one: flags, width, precision, argument.
var verb = regexp.MustCompile(`%[-+ #0]*(?:\[\d+\])?(\d*)(?:\.(\d*))?`)

// limitFormat takes it that each verb shows the largest argument, at the width
// and precision it asks for.
func limitFormat(args []cty.Value) error {
	pattern := text(args[0])
	largest := 0.0
	for _, a := range args[1:] {
		largest = max(largest, textSize(a))
	}
	total := float64(len(pattern))
	for _, m := range verb.FindAllStringSubmatch(pattern, -1) {
		total += largest
		for _, digits := range m[1:] {
			if digits != "" {
				n, err := strconv.Atoi(digits)
				if err != nil || n > 10_000 {
					return fmt.Errorf("the width %s is more than 10000", digits)
				}
				total += float64(n)
			}
		}
	}
	return tooLong(total)
}

func limitIndent(args []cty.Value) error {
	spaces, _ := args[0].AsBigFloat().Float64()
	s := text(args[1])
	return tooLong(float64(len(s)) + math.Abs(spaces)*float64(1+strings.Count(s, "\n")))
}

func limitJoin(args []cty.Value) error {
	separator := float64(len(text(args[0])))
	total := 0.0
	for _, list := range args[1:] {
		total += textSize(list) + separator*float64(list.LengthInt())
	}
	return tooLong(total)
}

// limitReplace takes it that a pattern matches at every byte, and that the
// replacement repeats the string once for each $.
func limitReplace(args []cty.Value) error {
	s, part, with := text(args[0]), text(args[1]), text(args[2])
	matches := float64(len(s) + 1)
	if isPlain := !strings.HasPrefix(part, "/") && regexp.QuoteMeta(part) == part; isPlain && part != "" {
		matches = float64(strings.Count(s, part))
	}
	if err := tooLong(float64(len(s)) + matches*float64(len(with))); err != nil {
		return err
	}
	return tooLong(float64(len(s)) * float64(1+strings.Count(with, "$")))
}

func limitProduct(args []cty.Value) error {
	n := 1.0
	for _, set := range args {
		if !set.CanIterateElements() {
			return nil
		}
		n *= float64(set.LengthInt())
	}
	if n*float64(len(args)) > maxElements {
		return tooMany(maxElements + 1)
	}
	return nil
}

// limitDecode counts what separates or starts the elements of a text.
func limitDecode(s, marks string) error {
	n := 0
	for i := range len(s) {
		if strings.IndexByte(marks, s[i]) >= 0 {
			n++
		}
	}
	if err := tooMany(n); err != nil {
		return err
	}
	if jsonDepth([]byte(s)) > maxDecodeDepth {
		return fmt.Errorf("the text is nested more than %d deep", maxDecodeDepth)
	}
	return nil
}

// anchor matches an anchor or an alias of YAML, and what separates elements.
var anchor = regexp.MustCompile(`[&*][^\s,\[\]{}]+|[,\[{\n]`)

// limitYAML bounds the levels that a line opens (levels by indentation need a
// quadratic number of bytes), those of brackets, and the elements, of which an
// alias has at most as many as stand between its anchor and its first use.
func limitYAML(args []cty.Value) error {
	s := text(args[0])
	for line := range strings.Lines(s) {
		if strings.Count(line, "- ")+strings.Count(line, "? ") > maxDecodeDepth {
			return fmt.Errorf("a line of the text opens more than %d levels", maxDecodeDepth)
		}
	}
	if strings.Count(s, "[")+strings.Count(s, "{") > maxDecodeDepth && jsonDepth([]byte(strings.ReplaceAll(s, `"`, ""))) > maxDecodeDepth {
		return fmt.Errorf("the text is nested more than %d deep", maxDecodeDepth)
	}
	total := 0
	starts, weights := map[string]int{}, map[string]int{}
	for _, m := range anchor.FindAllString(s, -1) {
		name := m[1:]
		switch m[0] {
		case '&':
			starts[name] = total
			delete(weights, name)
		case '*':
			start, known := starts[name]
			if !known {
				continue
			}
			if _, used := weights[name]; !used {
				weights[name] = total - start
			}
			total += weights[name]
		default:
			total++
		}
		if err := tooMany(total); err != nil {
			return err
		}
	}
	return nil
}

// smallNumber refuses numbers that take megabytes to write down.
func smallNumber(val cty.Value) error {
	switch {
	case val.Type() == cty.String && hugeNumber([]byte(strings.TrimSpace(val.AsString()))):
		return fmt.Errorf("a number has at most %d digits and an exponent of %d", maxDigits, maxExponent)
	case val.Type() == cty.Number:
		if f := val.AsBigFloat(); !f.IsInf() && (f.MantExp(nil) > 100_000 || f.MantExp(nil) < -100_000) {
			return fmt.Errorf("the number is too large or too small to write down")
		}
	}
	return nil
}
