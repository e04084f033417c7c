package report

import (
	"fmt"
	"strings"
)

// Claims are what a run found out about itself beyond its gates. One that was
// not measured is absent: it is neither true nor false. The signed statement
// has the evidence.
type Claims struct {
	Hermetic      *Claim `json:"hermetic,omitempty"`
	Deterministic *Claim `json:"deterministic,omitempty"`
	Reproducible  *Claim `json:"reproducible,omitempty"`
}

// Claim is one of them.
type Claim struct {
	Holds bool `json:"holds"`
	// Detail says what is against it.
	Detail string `json:"detail,omitempty"`
	// Varied are the conditions that were changed, NotVaried those that were
	// not.
	Varied    []string `json:"varied,omitempty"`
	NotVaried []string `json:"not_varied,omitempty"`
}

// named lists the claims that were made.
func (c Claims) named() []struct {
	Name string
	*Claim
} {
	var out []struct {
		Name string
		*Claim
	}
	add := func(name string, claim *Claim) {
		if claim != nil {
			out = append(out, struct {
				Name string
				*Claim
			}{name, claim})
		}
	}
	add("hermetic", c.Hermetic)
	add("deterministic", c.Deterministic)
	add("reproducible", c.Reproducible)
	return out
}

// Text names the claims in a line: "hermetic, not reproducible"; empty when
// there are none.
func (c Claims) Text() string {
	var words []string
	for _, claim := range c.named() {
		if claim.Holds {
			words = append(words, claim.Name)
		} else {
			words = append(words, "not "+claim.Name)
		}
	}
	return strings.Join(words, ", ")
}

// markdown is a table of the claims.
func (c Claims) markdown(b *strings.Builder) {
	all := c.named()
	if len(all) == 0 {
		return
	}
	b.WriteString("\n| claim | |\n| --- | --- |\n")
	for _, claim := range all {
		text := "holds"
		if !claim.Holds {
			text = "does not hold: " + claim.Detail
		}
		fmt.Fprintf(b, "| %s | %s |\n", claim.Name, escape(text))
	}
}
