package picture

import (
	_ "embed"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/preview"
)

//go:embed picture.css
var pictureCSS string

// SVG is the plan as a picture. It follows the reader's preference for light or
// dark where the program that shows it knows one.
func SVG(p preview.Plan) string {
	var b strings.Builder
	writeSVG(&b, p, drawn(p), "<style>\n"+pictureCSS+"</style>\n")
	return b.String()
}

func writeSVG(b *strings.Builder, p preview.Plan, d diagram, style string) {
	l := arrange(d)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" class="plan" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`+"\n",
		l.width, l.height, l.width, l.height, text("Plan of "+p.CrateName))
	fmt.Fprintf(b, "<title>%s</title>\n%s", text("Plan of "+p.CrateName), style)
	b.WriteString(`<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>` + "\n")
	fmt.Fprintf(b, `<rect class="paper" width="%.0f" height="%.0f"/>`+"\n", l.width, l.height)
	for i, g := range l.groups {
		fmt.Fprintf(b, `<g class="stage"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="10"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n",
			g.x, g.y, g.w, g.h, g.x+groupPad, g.y+groupHeader-8, text(cut(d.groups[i], int((g.w-2*groupPad)/8))))
	}
	for _, ln := range l.lines {
		class := "edge"
		if ln.edge.order {
			class += " order"
		}
		fmt.Fprintf(b, `<path class="%s" data-from="%s" data-to="%s" d="%s" marker-end="url(#arrow)"/>`+"\n",
			class, text(d.nodes[ln.edge.from].id), text(d.nodes[ln.edge.to].id), path(ln.way))
	}
	for i, n := range d.nodes {
		at := l.nodes[i]
		class := "node " + string(n.state)
		if n.cached {
			class += " cached"
		}
		fmt.Fprintf(b, `<g class="%s" data-id="%s"><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="7"/>`,
			class, text(n.id), text(n.id+": "+n.note), at.x, at.y, at.w, at.h)
		fmt.Fprintf(b, `<text class="name" x="%.1f" y="%.1f">%s</text><text class="note" x="%.1f" y="%.1f">%s</text></g>`+"\n",
			at.x+12, at.y+19, text(cut(n.label, 21)), at.x+12, at.y+36, text(cut(n.note, 25)))
	}
	b.WriteString("</svg>\n")
}

// path goes from point to point in curves that begin and end level; every
// second leg passes a column and is straight.
func path(way []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%.1f %.1f", way[0].x, way[0].y)
	for i := 1; i < len(way); i++ {
		from, to := way[i-1], way[i]
		if i%2 == 0 {
			fmt.Fprintf(&b, " L%.1f %.1f", to.x, to.y)
			continue
		}
		bend := max((to.x-from.x)/2, 24)
		fmt.Fprintf(&b, " C%.1f %.1f %.1f %.1f %.1f %.1f", from.x+bend, from.y, to.x-bend, to.y, to.x, to.y)
	}
	return b.String()
}

// text is text of a plan, which is hostile, in XML.
func text(s string) string { return html.EscapeString(strings.ReplaceAll(plain(s), "\n", " ")) }

// cut shortens text to a number of letters.
func cut(s string, letters int) string {
	if utf8.RuneCountInString(s) <= letters {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(letters-1, 1)]) + "…"
}
