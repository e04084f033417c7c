package lang

import (
	"slices"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// maxShown bounds a value in a message, in bytes.
const maxShown = 200

// Show writes a value as HCL for messages, or "(sensitive)".
func Show(val cty.Value) string {
	if val == cty.NilVal {
		return "(none)"
	}
	if val.ContainsMarked() {
		return "(sensitive)"
	}
	if !val.IsWhollyKnown() {
		return "(unknown)"
	}
	if HoldsCapsule(val.Type()) {
		return "(reference)"
	}
	b := hclwrite.TokensForValue(val).Bytes()
	if len(b) <= maxShown {
		return string(b)
	}
	cut := maxShown
	for !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}

// HoldsCapsule says whether a type has a part that can't be written as HCL.
func HoldsCapsule(t cty.Type) bool {
	switch {
	case t.IsCapsuleType():
		return true
	case t.IsCollectionType():
		return HoldsCapsule(t.ElementType())
	case t.IsTupleType():
		return slices.ContainsFunc(t.TupleElementTypes(), HoldsCapsule)
	case t.IsObjectType():
		for _, a := range t.AttributeTypes() {
			if HoldsCapsule(a) {
				return true
			}
		}
	}
	return false
}
