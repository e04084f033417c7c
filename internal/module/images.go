package module

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Image resolves an image block: the container that was given, or what the
// block's registry has, which the engine asks. A step's environment comes with its
// container; a service's has to be known.
func (e *engine) Image(ctx context.Context, block config.Image, service bool) (image plan.Image, err error) {
	c := e.session.inputs.Base
	if c != nil {
		image, err = given(ctx, c)
	} else {
		c, image, err = e.from(ctx, block)
	}
	if err == nil && service {
		err = configure(ctx, &image, c)
	}
	if err != nil {
		return plan.Image{}, fmt.Errorf("image %q (%s:%d): %w", block.Name, filepath.Base(block.Range.Filename), block.Range.Start.Line, err)
	}
	e.images[block.Name] = c
	return image, nil
}

// Known is the image that a run would take.
func (e *engine) Known(ctx context.Context, block config.Image, service bool) (plan.Image, string, error) {
	image, err := e.Image(ctx, block, service)
	return image, "", err
}

// given is the container that was given in the place of all images.
func given(ctx context.Context, base *dagger.Container) (plan.Image, error) {
	digest, err := base.Rootfs().Digest(ctx)
	if err != nil {
		return plan.Image{}, fmt.Errorf("the container that was given: %w", err)
	}
	return plan.Image{Ref: "container", Digest: digest, Origin: "the container that was given"}, nil
}

// from is an image in a registry.
func (e *engine) from(ctx context.Context, block config.Image) (*dagger.Container, plan.Image, error) {
	if block.From == "" || strings.HasPrefix(block.From, "oci-layout://") {
		return nil, plan.Image{}, errors.New("it has no address in a registry, and Dagger makes no images from Debian's packages: give the container that steps start from (--base)")
	}
	c := e.session.client.Container().From(block.From)
	ref, err := c.ImageRef(ctx)
	if err != nil {
		return nil, plan.Image{}, fmt.Errorf("get %s: %w; a container of your own can stand in its place (--base)", block.From, err)
	}
	_, digest, ok := strings.Cut(ref, "@")
	if !ok {
		return nil, plan.Image{}, fmt.Errorf("%s has no digest", ref)
	}
	return c, plan.Image{Ref: ref, Digest: digest, Origin: block.From + " as the engine knows it"}, nil
}

// configure adds what a container's configuration says.
func configure(ctx context.Context, image *plan.Image, c *dagger.Container) error {
	var err error
	if image.Env, err = environment(ctx, c); err != nil {
		return fmt.Errorf("read its environment: %w", err)
	}
	if image.User, err = c.User(ctx); err != nil {
		return fmt.Errorf("read its user: %w", err)
	}
	if image.Dir, err = c.Workdir(ctx); err != nil {
		return fmt.Errorf("read its working directory: %w", err)
	}
	entrypoint, err := c.Entrypoint(ctx)
	if err != nil {
		return fmt.Errorf("read its entry point: %w", err)
	}
	args, err := c.DefaultArgs(ctx)
	if err != nil {
		return fmt.Errorf("read its arguments: %w", err)
	}
	image.Command = slices.Concat(entrypoint, args)
	return nil
}

func environment(ctx context.Context, c *dagger.Container) ([]string, error) {
	variables, err := c.EnvVariables(ctx)
	if err != nil {
		return nil, err
	}
	var env []string
	for _, v := range variables {
		name, err := v.Name(ctx)
		if err != nil {
			return nil, err
		}
		value, err := v.Value(ctx)
		if err != nil {
			return nil, err
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}
