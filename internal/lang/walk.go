package lang

import (
	"iter"

	"github.com/zclconf/go-cty/cty"
)

// indices are the first keys of lists. cty makes a big number for every key of an
// iteration, which takes longer than what is done with the element.
var indices = func() (keys [64]cty.Value) {
	for i := range keys {
		keys[i] = cty.NumberIntVal(int64(i))
	}
	return keys
}()

// Elements are the elements of a value that is known, not null and not marked,
// and has some; those of an object and a map in any order.
func Elements(val cty.Value) iter.Seq[cty.Value] {
	return func(yield func(cty.Value) bool) {
		switch t := val.Type(); {
		case t.IsObjectType():
			for name := range t.AttributeTypes() {
				if !yield(val.GetAttr(name)) {
					return
				}
			}
		case (t.IsTupleType() || t.IsListType()) && val.LengthInt() <= len(indices):
			for i := range val.LengthInt() {
				if !yield(val.Index(indices[i])) {
					return
				}
			}
		default:
			for it := val.ElementIterator(); it.Next(); {
				if _, v := it.Element(); !yield(v) {
					return
				}
			}
		}
	}
}

// Marked is cty's ContainsMarked, without a path for every part of the value.
func Marked(val cty.Value) bool {
	if val.IsMarked() {
		return true
	}
	if val.IsNull() || !val.IsKnown() || !compound(val.Type()) {
		return false
	}
	for v := range Elements(val) {
		if Marked(v) {
			return true
		}
	}
	return false
}

// Known is cty's IsWhollyKnown.
func Known(val cty.Value) bool {
	val, _ = val.Unmark()
	switch {
	case !val.IsKnown():
		return false
	case val.IsNull() || !compound(val.Type()):
		return true
	}
	for v := range Elements(val) {
		if !Known(v) {
			return false
		}
	}
	return true
}

func compound(t cty.Type) bool {
	return t.IsObjectType() || t.IsTupleType() || t.IsCollectionType()
}
