package main

import (
	"context"
	"fmt"
	"sort"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cmd/sixty/image"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
)

func (a *app) imageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "image", Short: "Make and pin the images that steps run on", Args: cobra.NoArgs}
	cmd.AddCommand(a.imageBuildCommand(), a.imagePinCommand())
	return cmd
}

// imageBlock finds an image block of the pipeline. Images are evaluated
// without a crate, on which they can't depend.
func (a *app) imageBlock(ctx context.Context, o *runOptions, name string) (config.Image, error) {
	cfg, _, err := a.loadHere(ctx, o.pipeline)
	if err != nil {
		return config.Image{}, err
	}
	given, _, err := o.split(cfg)
	if err != nil {
		return config.Image{}, err
	}
	values, diags := lang.ResolveVariables(cfg.Variables, given, lang.FunctionMap(cfg.Dir))
	if diags.HasErrors() {
		return config.Image{}, &deploy.DiagnosticsError{Diagnostics: diags, Files: cfg.Files}
	}
	images, diags := cfg.EvaluateImages(values.Values)
	if diags.HasErrors() {
		return config.Image{}, &deploy.DiagnosticsError{Diagnostics: diags, Files: cfg.Files}
	}
	var names []string
	for _, i := range images {
		if i.Name == name {
			return i, nil
		}
		names = append(names, i.Name)
	}
	sort.Strings(names)
	return config.Image{}, usagef("the pipeline has no image %q.%s", name, lang.DidYouMean(name, names))
}

func (a *app) imageBuildCommand() *cobra.Command {
	o := &runOptions{}
	fresh := false
	cmd := &cobra.Command{
		Use:   "build NAME",
		Short: "Make an image of the pipeline from Debian's packages, for use without a registry",
		Long: `Makes an image of the pipeline (the built-in one has "rust") from its debian
block: as an OCI layout in the cache folder, from Debian's packages alone, with
nothing of this machine's own files. Package versions are recorded, and the
same versions give the same digest. It needs root and mmdebstrap.`,
		Example: "  sixty image build rust",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			block, err := a.imageBlock(cmd.Context(), o, args[0])
			if err != nil {
				return err
			}
			if block.Debian == nil {
				return usagef("image %q has no debian block, so it can't be made from packages", block.Name)
			}
			cache, err := a.cache()
			if err != nil {
				return err
			}
			info, err := image.Open(imageDir(cache, debianSpec(block)))
			if fresh || err != nil || info.Key != debianSpec(block).Key() {
				if info, err = a.buildShown(cmd.Context(), cache, block); err != nil {
					return err
				}
			}
			fmt.Fprintf(a.stdout, "%s\n%d packages, %d MB, in %s\n", info.Ref, len(info.Packages), info.SizeBytes/1_000_000, info.Dir)
			return nil
		},
	}
	o.sourceFlags(cmd)
	cmd.Flags().BoolVar(&fresh, "fresh", false, "make it again, with today's versions of the packages")
	return cmd
}

func (a *app) buildShown(ctx context.Context, cache string, block config.Image) (image.Info, error) {
	view, err := a.printer(readHistory(cache))
	if err != nil {
		return image.Info{}, err
	}
	defer view.Close()
	var info image.Info
	_, err = deploy.Timed(view, "setup", "image-"+block.Name, func() (err error) {
		info, err = a.buildImage(ctx, cache, block, view)
		return err
	})
	return info, err
}

func (a *app) imagePinCommand() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "pin NAME",
		Short: "Ask the registry of an image for its digest and keep to it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			block, err := a.imageBlock(cmd.Context(), o, args[0])
			if err != nil {
				return err
			}
			if block.From == "" {
				return usagef("image %q names no registry: it has no from", block.Name)
			}
			cache, err := a.cache()
			if err != nil {
				return err
			}
			p, err := pinImage(cmd.Context(), cache, block.From)
			if err != nil {
				return fmt.Errorf("pin %s: %w", block.From, err)
			}
			fmt.Fprintln(a.stdout, withDigest(block.From, p.Digest))
			return nil
		},
	}
	o.sourceFlags(cmd)
	return cmd
}
