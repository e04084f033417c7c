package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/picture"
	"github.com/sixtyhq/sixty/internal/preview"
)

// pictureFormats are what sixty graph draws, in the order of the help.
var pictureFormats = []string{"dot", "mermaid", "svg", "html"}

func (a *app) graphCommand() *cobra.Command {
	o := &runOptions{}
	format, output := "", ""
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Draw the steps of a run and how they depend on each other",
		Long: fmt.Sprintf(`Draws the plan of a run (see sixty plan): its steps, grouped by stages, and what
they wait for. A full line is data, a step that mounts another one's output; a
dashed one is order alone (after). Where a run is on record on this machine, each
step shows how it ended, whether it came from the cache, and how long it took.
Nothing runs.

Formats:
  dot      for Graphviz; every step and every edge
  mermaid  for Markdown; edges that follow from others are left out
  svg      a picture, light or dark as its reader prefers
  html     a page of its own with the picture; pointing at a step shows what it is

A plan of more than %d steps is drawn by its stages in svg and html.

Without --format, the name that --output gives decides, else it is dot.`, picture.MaxSteps),
		Example: `  sixty graph -o pipeline.svg
  sixty graph -o pipeline.html --template io.sixty.rust.cli --name my_tool
  sixty graph | dot -Tpng > pipeline.png
  sixty graph --format mermaid --target testing`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			draw, err := drawing(format, output)
			if err != nil {
				return err
			}
			_, p, err := a.foresee(cmd.Context(), o)
			if err != nil {
				return err
			}
			text, err := draw(p)
			if err != nil {
				return err
			}
			if output == "" || output == "-" {
				_, err := fmt.Fprint(a.stdout, text)
				return err
			}
			return writeFile(output, []byte(text))
		},
	}
	o.sourceFlags(cmd)
	o.newCrateFlags(cmd)
	o.targetFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&format, "format", "", "dot, mermaid, svg or html")
	completeWords(cmd, "format", pictureFormats...)
	f.StringVarP(&output, "output", "o", "", "file to write; without it, or as -, the picture goes to standard output")
	return cmd
}

// drawing chooses what to draw with.
func drawing(format, output string) (func(preview.Plan) (string, error), error) {
	always := func(draw func(preview.Plan) string) func(preview.Plan) (string, error) {
		return func(p preview.Plan) (string, error) { return draw(p), nil }
	}
	if format == "" {
		switch strings.ToLower(filepath.Ext(output)) {
		case ".svg":
			format = "svg"
		case ".html", ".htm":
			format = "html"
		case ".mmd", ".mermaid":
			format = "mermaid"
		case "", ".dot", ".gv":
			format = "dot"
		default:
			return nil, usagef("%s does not say what to draw: give --format %s", output, strings.Join(pictureFormats, ", "))
		}
	}
	switch format {
	case "dot":
		return always(picture.DOT), nil
	case "mermaid":
		return always(picture.Mermaid), nil
	case "svg":
		return always(picture.SVG), nil
	case "html":
		return picture.HTML, nil
	}
	return nil, usagef("--format is %s, not %q.%s", strings.Join(pictureFormats, ", "), format, lang.DidYouMean(format, pictureFormats))
}
