package lang

import (
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// maxShown bounds a value in a message, in bytes.
const maxShown = 200

func tokens(val cty.Value) []byte {
	if !val.IsWhollyKnown() {
		return []byte("(unknown)")
	}
	b := hclwrite.TokensForValue(val).Bytes()
	if len(b) > maxShown {
		b = append(b[:maxShown:maxShown], "…"...)
	}
	return b
}
