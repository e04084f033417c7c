package deploy

import (
	"context"
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// ResolveImages chooses an image for each block of the pipeline. Which one it was
// is said and stands in the report.
func (r *Run) ResolveImages(ctx context.Context) error {
	r.Images = map[string]plan.Image{}
	for _, block := range r.Pipeline.Images {
		chosen, resolving, err := r.image(ctx, block, r.serves(block))
		r.Host = append(r.Host, resolving)
		if err != nil {
			return err
		}
		r.Images[block.Name] = chosen
	}
	return nil
}

// serves reports whether a service runs on the image of a block.
func (r *Run) serves(block config.Image) bool {
	return slices.ContainsFunc(r.Pipeline.Services, func(s config.Service) bool { return s.Image.Name == block.Name })
}

// image chooses the image of a block; the result is that of finding it.
func (r *Run) image(ctx context.Context, block config.Image, service bool) (chosen plan.Image, resolving plan.Result, err error) {
	resolving, err = Timed(r.host.View, "setup", "image-"+block.Name, func() error {
		chosen, err = r.host.Engine.Image(ctx, block, service)
		return err
	})
	if err != nil {
		return plan.Image{}, resolving, err
	}
	chosen.Name, chosen.Range = block.Name, config.PlanRange(block.Range)
	r.host.View.Note("Image %s: %s, %s", chosen.Name, chosen.Ref, chosen.Origin)
	return chosen, resolving, nil
}

// ImageBlocks are the pipeline's image blocks, evaluated without a crate, on which
// they can't depend. The pipeline must have been chosen.
func (r *Run) ImageBlocks() ([]config.Image, error) {
	images, diags := r.Config.EvaluateImages(r.Variables)
	if diags.HasErrors() {
		return nil, &DiagnosticsError{diags, r.Config.Files}
	}
	return images, nil
}
