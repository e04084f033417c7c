package module

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/picture"
	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
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
	dir := s.path("source")
	record, err := generation.ReadRecord(dir)
	if err != nil {
		return nil, err
	}
	base, next, err := s.packVersions(ctx, record, to)
	if err != nil {
		return nil, err
	}
	req, err := s.request()
	if err != nil {
		return nil, err
	}
	made, dropped, err := generation.Update(ctx, generation.UpdateRequest{Dir: dir, Base: base.Pack, New: next.Pack,
		BaseDependencies: base.Dependencies, NewDependencies: next.Dependencies, Given: req.Values.Given})
	if err != nil {
		return nil, err
	}
	s.host.View.Note("Update of %s %s to %s", base.ID, base.Version, next.Version)
	for _, name := range dropped {
		s.host.View.Note("Warning: %s %s no longer has the variable %q", next.ID, next.Version, name)
	}
	for _, w := range made.Plan.Writes {
		if w.Action == codegen.Marked {
			s.host.View.Note("Conflict in %s (%s): edit what stands between <<<<<<< and >>>>>>>", deploy.Readable(w.Path), w.Reason)
		}
	}
	if err := made.Write(ctx, false); err != nil {
		return nil, err
	}
	return s.directory("source").Changes(in.Source), nil
}

// packVersions finds the packs that a record names and those to update to.
func (s *session) packVersions(ctx context.Context, record codegen.Record, to string) (base, next *concept.Packs, err error) {
	if record.Pack == nil {
		return nil, nil, errors.New("the folder was not generated from a pack")
	}
	base = &concept.Packs{}
	for _, ref := range record.Dependencies {
		pack, err := s.packs.Recorded(ctx, ref.PackRef)
		if err != nil {
			return nil, nil, fmt.Errorf("find what was generated: %w", err)
		}
		base.Dependencies = append(base.Dependencies, pack)
	}
	if base.Pack, err = s.packs.Recorded(ctx, *record.Pack); err != nil {
		return nil, nil, fmt.Errorf("find what was generated: %w", err)
	}
	next, err = s.packs.Resolve(ctx, record.Pack.ID, to, market.Pins{})
	return base, next, err
}
