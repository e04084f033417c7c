package rdf

import (
	"cmp"
	"slices"
	"strings"
)

// xmlLiteral takes the content of the current element up to its end and gives
// it in exclusive canonical form with comments (Exclusive XML Canonicalization
// 1.0), which makes it a well-formed fragment by itself.
func (x *xmlReader) xmlLiteral() (string, error) {
	var c canonicalizer
	for {
		ev, err := x.next()
		if err != nil {
			return "", err
		}
		switch ev.kind {
		case xmlStart:
			c.start(ev)
		case xmlEnd:
			if len(c.open) == 0 {
				return c.b.String(), nil
			}
			c.end()
		case xmlText:
			c.b.WriteString(textEscaper.Replace(ev.text))
		case xmlComment:
			c.b.WriteString("<!--" + ev.text + "-->")
		case xmlInstruction:
			c.b.WriteString("<?" + ev.text + "?>")
		}
		if c.b.Len() > x.max {
			return "", x.errorf("an XML literal is longer than the limit of %d bytes", x.max)
		}
	}
}

var (
	textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;",
		"\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// canonicalizer writes elements with the namespaces they visibly use.
type canonicalizer struct {
	b        strings.Builder
	open     []xmlElement
	rendered []xmlBinding // declared in the output, innermost last
}

func (c *canonicalizer) start(ev xmlEvent) {
	name := ev.name.String()
	c.open = append(c.open, xmlElement{name, len(c.rendered)})
	c.b.WriteString("<" + name)

	used := []xmlBinding{{ev.name.prefix, ev.name.space}}
	for _, a := range ev.attrs {
		if a.name.prefix != "" {
			used = append(used, xmlBinding{a.name.prefix, a.name.space})
		}
	}
	slices.SortFunc(used, func(a, b xmlBinding) int { return cmp.Compare(a.prefix, b.prefix) })
	for _, b := range slices.Compact(used) {
		c.declare(b)
	}

	slices.SortFunc(ev.attrs, func(a, b xmlAttr) int {
		return cmp.Or(cmp.Compare(a.name.space, b.name.space), cmp.Compare(a.name.local, b.name.local))
	})
	for _, a := range ev.attrs {
		c.b.WriteString(" " + a.name.String() + `="`)
		c.b.WriteString(attrEscaper.Replace(a.value))
		c.b.WriteByte('"')
	}
	c.b.WriteByte('>')
}

// declare writes a namespace declaration unless it is in force.
func (c *canonicalizer) declare(b xmlBinding) {
	if b.prefix == "xml" {
		return
	}
	inForce := ""
	for _, r := range c.rendered {
		if r.prefix == b.prefix {
			inForce = r.space
		}
	}
	if inForce == b.space {
		return
	}
	c.rendered = append(c.rendered, b)
	if b.prefix == "" {
		c.b.WriteString(` xmlns="`)
	} else {
		c.b.WriteString(" xmlns:" + b.prefix + `="`)
	}
	c.b.WriteString(attrEscaper.Replace(b.space))
	c.b.WriteByte('"')
}

func (c *canonicalizer) end() {
	last := c.open[len(c.open)-1]
	c.open = c.open[:len(c.open)-1]
	c.rendered = c.rendered[:last.bindings]
	c.b.WriteString("</" + last.name + ">")
}
