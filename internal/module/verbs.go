package module

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/picture"
	"github.com/sixtyhq/sixty/internal/preview"
)

// Generate renders a pack into a new crate.
func Generate(ctx context.Context, client *dagger.Client, in Inputs) (*dagger.Directory, error) {
	s, err := open(ctx, client, in)
	if err != nil {
		return nil, err
	}
	r, err := s.run()
	if err != nil {
		return nil, err
	}
	c, err := r.Choose(ctx)
	if err != nil {
		return nil, err
	}
	if !c.MakesCrate() {
		return nil, errors.New("there is no template: give one, see search")
	}
	made, err := r.Render(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := r.Write(ctx, made); err != nil {
		return nil, err
	}
	return s.directory("made"), nil
}

// Plan makes the plan of a run and runs nothing of it.
func Plan(ctx context.Context, client *dagger.Client, in Inputs) (preview.Plan, error) {
	s, err := open(ctx, client, in)
	if err != nil {
		return preview.Plan{}, err
	}
	r, err := s.run()
	if err != nil {
		return preview.Plan{}, err
	}
	if err := r.Resolve(ctx, nil); err != nil {
		return preview.Plan{}, err
	}
	return r.Foresee(ctx, preview.Input{})
}

// PlanFile is a plan as a file of JSON.
func PlanFile(client *dagger.Client, p preview.Plan) (*dagger.File, error) {
	var text strings.Builder
	if err := p.WriteJSON(&text); err != nil {
		return nil, err
	}
	return client.Directory().WithNewFile("plan.json", text.String()).File("plan.json"), nil
}

// Graph draws a plan in a format: dot, mermaid, svg or html.
func Graph(client *dagger.Client, p preview.Plan, format string) (*dagger.File, error) {
	var text string
	var err error
	name := "pipeline." + format
	switch format {
	case "dot":
		text = picture.DOT(p)
	case "mermaid":
		text, name = picture.Mermaid(p), "pipeline.mmd"
	case "svg":
		text = picture.SVG(p)
	case "html":
		text, err = picture.HTML(p)
	default:
		formats := []string{"dot", "mermaid", "svg", "html"}
		err = fmt.Errorf("a picture is %s, not %q.%s", strings.Join(formats, ", "), format, lang.DidYouMean(format, formats))
	}
	if err != nil {
		return nil, err
	}
	return client.Directory().WithNewFile(name, text).File(name), nil
}

// Search finds packs: those that ship with sixty, and those that were given.
func Search(ctx context.Context, client *dagger.Client, in Inputs, q market.Query) ([]market.Hit, error) {
	market := packs{}
	if len(in.Packs) > 0 {
		s, err := open(ctx, client, in)
		if err != nil {
			return nil, err
		}
		market = s.packs
	}
	catalog, err := market.catalog(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.Search(q), nil
}

// Image is the container that steps on an image start from.
func Image(ctx context.Context, client *dagger.Client, in Inputs, name string) (*dagger.Container, error) {
	s, err := open(ctx, client, in)
	if err != nil {
		return nil, err
	}
	r, err := s.run()
	if err != nil {
		return nil, err
	}
	if _, err := r.Choose(ctx); err != nil {
		return nil, err
	}
	images, err := r.ImageBlocks()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, block := range images {
		if block.Name == name {
			if _, err := s.engine.Image(ctx, block, false); err != nil {
				return nil, err
			}
			return s.engine.images[name], nil
		}
		names = append(names, block.Name)
	}
	return nil, fmt.Errorf("the pipeline has no image %q; it has %s.%s", name, strings.Join(names, ", "), lang.DidYouMean(name, names))
}

// Update brings what changed in a pack since a crate was generated into the
// crate, and keeps its edits: a three-way merge.
func Update(ctx context.Context, client *dagger.Client, in Inputs, to string) (*dagger.Changeset, error) {
	s, err := open(ctx, client, in)
	if err != nil {
		return nil, err
	}
	r, err := s.run()
	if err != nil {
		return nil, err
	}
	made, err := r.Update(ctx, deploy.Generated{Dir: s.path("source")}, to)
	if err != nil {
		return nil, err
	}
	for _, w := range made.Conflicts() {
		s.host.View.Note("Conflict in %s (%s): edit what stands between <<<<<<< and >>>>>>>", deploy.Readable(w.Path), w.Reason)
	}
	if err := r.Write(ctx, made); err != nil {
		return nil, err
	}
	return s.directory("source").Changes(in.Source), nil
}
