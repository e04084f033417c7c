package picture

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/sixtyhq/sixty/internal/preview"
)

// color is a state's line color in DOT and Mermaid, which draw on paper of
// their own.
var color = map[state]string{statePassed: "#2e7d32", stateFailed: "#c62828", stateOff: "#9e9e9e", stateUnknown: "#546e7a"}

// DOT is the plan in Graphviz's language
// (https://graphviz.org/doc/info/lang.html). It has every step and every edge.
func DOT(p preview.Plan) string {
	d := newDiagram(p, true)
	var b strings.Builder
	b.WriteString("digraph sixty {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n")
	at := 0
	for i, group := range d.groups {
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s;\n", i, dotString(group))
		for ; at < len(d.nodes) && d.nodes[at].group == i; at++ {
			n := d.nodes[at]
			style := ""
			if n.state == stateOff {
				style = ", style=\"rounded,dashed\""
			}
			fmt.Fprintf(&b, "    %s [label=%s, color=%q%s];\n", dotString(n.id), dotString(n.label+"\n"+n.note), color[n.state], style)
		}
		b.WriteString("  }\n")
	}
	for _, e := range d.edges {
		style := ""
		if e.order {
			style = " [style=dashed]"
		}
		fmt.Fprintf(&b, "  %s -> %s%s;\n", dotString(d.nodes[e.from].id), dotString(d.nodes[e.to].id), style)
	}
	b.WriteString("}\n")
	return b.String()
}

// dotString is a quoted string, in which a backslash begins an escape.
func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(plain(s)) + `"`
}

// Mermaid is the plan as a flowchart for Markdown
// (https://mermaid.js.org/syntax/flowchart.html). It has every step; edges that
// follow from others are left out. Mermaid itself draws up to 500 edges unless
// it is told otherwise.
func Mermaid(p preview.Plan) string {
	d := newDiagram(p, false)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	at := 0
	for i, group := range d.groups {
		if at >= len(d.nodes) || d.nodes[at].group != i {
			continue // a subgraph without nodes is drawn as a node
		}
		fmt.Fprintf(&b, "  subgraph g%d[%s]\n", i, mermaidString(group))
		for ; at < len(d.nodes) && d.nodes[at].group == i; at++ {
			n := d.nodes[at]
			fmt.Fprintf(&b, "    n%d[%s]:::%s\n", at, mermaidString(n.label+"\n"+n.note), n.state)
		}
		b.WriteString("  end\n")
	}
	for _, e := range d.edges {
		arrow := "-->"
		if e.order {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", e.from, arrow, e.to)
	}
	for _, s := range []state{statePassed, stateFailed, stateOff, stateUnknown} {
		dash := ""
		if s == stateOff {
			dash = ",stroke-dasharray:4"
		}
		fmt.Fprintf(&b, "  classDef %s stroke:%s%s\n", s, color[s], dash)
	}
	return b.String()
}

// mermaidString is quoted text, in which all signs but letters, digits and a
// few harmless ones are numbered.
func mermaidString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range plain(s) {
		switch {
		case r == '\n':
			b.WriteString("<br/>")
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,-_:/", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plain drops what is no text, line ends excepted.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff || r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, s)
}
