package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/sixtyhq/sixty/internal/dagger"
)

// Check runs one stage of a crate; where the source is none, of a crate made
// from each pack that ships with sixty. All failures come back.
func Check(ctx context.Context, client *dagger.Client, source *dagger.Directory, level, stage string) error {
	exists, err := HasCrate(ctx, source)
	if err != nil {
		return err
	}
	if exists {
		_, err := Stages(ctx, client, Inputs{Source: source, Level: level, Only: []string{stage}})
		return err
	}
	packs, err := Packs(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range packs {
		if _, err := Stages(ctx, client, Inputs{Template: id, Name: "checked", Level: level, Only: []string{stage}}); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
