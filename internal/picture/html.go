package picture

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/preview"
)

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// details is what the page shows of a node.
type details struct {
	Title string      `json:"title"`
	Rows  [][2]string `json:"rows"`
}

// HTML is the plan as a page of its own: the picture, and what each step is
// when it is pointed at or chosen. It loads nothing.
func HTML(p preview.Plan) (string, error) {
	d := drawn(p)
	all := map[string]details{}
	for _, s := range p.Stages {
		if d.byStage {
			all[s.Name] = stageDetails(s)
			continue
		}
		for _, step := range s.Steps {
			all[step.ID] = stepDetails(p, step)
		}
	}
	data, err := json.Marshal(all) // which escapes <, > and &
	if err != nil {
		return "", fmt.Errorf("write the page: %w", err)
	}
	title := text(strings.TrimSpace("Plan of " + p.CrateName + " " + p.CrateVersion))
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	b.WriteString(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">` + "\n")
	b.WriteString(`<meta name="viewport" content="width=device-width, initial-scale=1">` + "\n")
	b.WriteString(`<meta name="color-scheme" content="light dark">` + "\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s%s</style>\n</head>\n<body>\n", title, pageCSS, pictureCSS)
	fmt.Fprintf(&b, "<header><h1>%s</h1><p>%s</p></header>\n", title, text(p.Summary()))
	b.WriteString("<main><div id=\"picture\">\n")
	writeSVG(&b, p, d, "")
	hint := "Point at a step, or choose it, to see what it is."
	if d.byStage {
		hint = fmt.Sprintf("More than %d steps: the picture shows stages. Point at one, or choose it, to see its steps.", MaxSteps)
	}
	fmt.Fprintf(&b, "</div>\n<aside id=\"details\" aria-live=\"polite\"><p>%s</p></aside></main>\n", text(hint))
	fmt.Fprintf(&b, "<script type=\"application/json\" id=\"data\">%s</script>\n<script>\n%s</script>\n</body>\n</html>\n", data, pageJS)
	return b.String(), nil
}

// stepDetails are the lines of the plan's text about a step, with the command
// in full.
func stepDetails(p preview.Plan, s preview.Step) details {
	out := details{Title: s.ID, Rows: p.Rows(s)}
	for i, row := range out.Rows {
		if row[0] == "run" {
			out.Rows[i][1] = strings.Join(s.Command, " ")
		}
	}
	if s.Skipped != "" {
		out.Rows = append([][2]string{{"does not run", s.Skipped}}, out.Rows...)
	}
	return out
}

func stageDetails(s preview.Stage) details {
	out := details{Title: s.Name}
	for _, step := range s.Steps {
		_, _, note := look(step)
		out.Rows = append(out.Rows, [2]string{step.ID[len(s.Name)+1:], note})
	}
	return out
}
