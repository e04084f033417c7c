package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/image"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// lookupTimeout bounds how long a registry may take to answer before an image
// is made from packages instead.
const lookupTimeout = 10 * time.Second

// layoutScheme begins the reference of an image in an OCI layout.
const layoutScheme = "oci-layout://"

// pins are the digests that image references were resolved to, so that runs do
// not change under the user and need no registry. `sixty image pin` renews one.
type pins map[string]pin

type pin struct {
	Digest string `json:"digest"`
	image.Config
	At time.Time `json:"at"`
}

func pinsFile(cache string) string { return filepath.Join(cache, "image-pins.json") }

func readPins(cache string) (pins, error) {
	p := pins{}
	b, err := os.ReadFile(pinsFile(cache))
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the image pins: %w", err)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("read the image pins in %s: %w", pinsFile(cache), err)
	}
	return p, nil
}

func (p pins) write(cache string) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(pinsFile(cache), b)
}

// pinImage asks a registry which image a reference names now.
func pinImage(ctx context.Context, cache, ref string) (pin, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	digest, err := image.Pin(ctx, ref)
	if err != nil {
		return pin{}, err
	}
	config, err := image.Configuration(ctx, withDigest(ref, digest))
	if err != nil {
		return pin{}, err
	}
	known, err := readPins(cache)
	if err != nil {
		return pin{}, err
	}
	known[ref] = pin{Digest: digest, Config: config, At: time.Now().UTC().Truncate(time.Second)}
	return known[ref], known.write(cache)
}

// withDigest is REPOSITORY@DIGEST.
func withDigest(ref, digest string) string {
	name, _, _ := strings.Cut(ref, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return name + "@" + digest
}

// debianSpec is what an image block's debian block asks for.
func debianSpec(i config.Image) image.Spec {
	d := i.Debian
	exclude, include := image.Slim()
	return image.Spec{
		Name: i.Name, Suite: d.Suite, Packages: d.Packages, Env: d.Env,
		Exclude: append(append([]string{}, d.Exclude...), exclude...),
		Include: append(append([]string{}, d.Include...), include...),
	}
}

// imageDir is where the image of a spec is kept: images/NAME, or, where that is
// another spec's, images/NAME-KEY. Two pipelines that call different images the
// same so keep both.
func imageDir(cache string, spec image.Spec) string {
	plain := filepath.Join(cache, "images", spec.Name)
	if info, err := image.Open(plain); err == nil && info.Key != spec.Key() {
		return plain + "-" + strings.TrimPrefix(spec.Key(), "sha256:")[:12]
	}
	return plain
}

// Image chooses an image for a block: a layout that the pipeline names, the
// digest that its reference was pinned to, an image made from the same packages
// before, what its registry says now, or an image made now.
func (e *engine) Image(ctx context.Context, block config.Image, _ bool) (plan.Image, error) {
	known, err := readPins(string(e.cache))
	if err != nil {
		return plan.Image{}, err
	}
	// Making an image takes minutes: what the engine lacks is said before.
	if here, err := knownImage(string(e.cache), known, block); err == nil && here == nil && e.opts.engineAddress() == "" {
		if err := buildkit.Preflight(engineRoot(string(e.cache))); err != nil {
			return plan.Image{}, err
		}
	}
	return e.app.resolveImage(ctx, string(e.cache), known, block, e.view)
}

// Known takes an image that is on this machine or on record, and says of another
// one why it is not known.
func (e *engine) Known(_ context.Context, block config.Image, _ bool) (plan.Image, string, error) {
	known, err := readPins(string(e.cache))
	if err != nil {
		return plan.Image{}, "", err
	}
	chosen, err := knownImage(string(e.cache), known, block)
	if err != nil {
		return plan.Image{}, "", err
	}
	if chosen != nil {
		return *chosen, "", nil
	}
	var open string
	switch {
	case block.From == "":
		open = "the run makes it from Debian's packages (sixty image build " + block.Name + " does so now)"
	case block.Debian == nil:
		open = "the run asks the registry of " + block.From + " (sixty image pin does so now)"
	default:
		open = "the run asks the registry of " + block.From + " (sixty image pin does so now), or makes it from Debian's packages"
	}
	return plan.Image{Ref: block.From}, open, nil
}

// knownImage is what can be chosen for a block from what is on this machine; a
// nil image means that a registry has to be asked, or an image to be made.
func knownImage(cache string, known pins, block config.Image) (*plan.Image, error) {
	var chosen plan.Image
	if dir, ok := strings.CutPrefix(block.From, layoutScheme); ok {
		info, err := image.Open(dir)
		if err != nil {
			return nil, usagef("open %s: %w", dir, err)
		}
		chosen = layoutImage(info, "the OCI layout that the pipeline names")
		return &chosen, nil
	}
	if p, ok := known[block.From]; ok {
		chosen = registryImage(block.From, p)
		return &chosen, nil
	}
	if block.Debian != nil {
		info, err := image.Open(imageDir(cache, debianSpec(block)))
		if err == nil && info.Key == debianSpec(block).Key() {
			chosen = layoutImage(info, "made from Debian's packages")
			return &chosen, nil
		}
	}
	return nil, nil
}

func (a *app) resolveImage(ctx context.Context, cache string, known pins, block config.Image, view *progress.Printer) (plan.Image, error) {
	if here, err := knownImage(cache, known, block); err != nil || here != nil {
		if err != nil {
			return plan.Image{}, err
		}
		return *here, nil
	}
	var registryErr error
	if block.From != "" {
		var p pin
		if p, registryErr = pinImage(ctx, cache, block.From); registryErr == nil {
			return registryImage(block.From, p), nil
		}
		if ctx.Err() != nil {
			return plan.Image{}, context.Cause(ctx)
		}
	}
	if block.Debian == nil {
		return plan.Image{}, fmt.Errorf("its registry gave no answer, and the pipeline has no debian block to make it from: %w", registryErr)
	}
	if registryErr != nil {
		view.Note("Image %s: %s can't be had (%v), so it is made from Debian's packages", block.Name, block.From, firstLine(registryErr))
	}
	info, err := a.buildImage(ctx, cache, block, view)
	if err != nil {
		return plan.Image{}, err
	}
	return layoutImage(info, "made from Debian's packages"), nil
}

func (a *app) buildImage(ctx context.Context, cache string, block config.Image, view *progress.Printer) (image.Info, error) {
	id := "setup.image-" + block.Name
	info, err := image.Build(ctx, debianSpec(block), imageDir(cache, debianSpec(block)), logWriter(func(p []byte) { view.Log(id, false, p) }))
	var missing *image.SetupError
	if errors.As(err, &missing) {
		return info, usageError{err}
	}
	return info, err
}

type logWriter func([]byte)

func (w logWriter) Write(p []byte) (int, error) { w(p); return len(p), nil }

func layoutImage(info image.Info, origin string) plan.Image {
	i := configured(info.Config)
	i.Ref, i.Digest, i.Layout, i.Origin = info.Ref, info.Digest, info.Dir, origin
	return i
}

func registryImage(ref string, p pin) plan.Image {
	i := configured(p.Config)
	i.Ref, i.Digest = withDigest(ref, p.Digest), p.Digest
	i.Origin = fmt.Sprintf("%s as pinned on %s", ref, p.At.Format(time.DateOnly))
	return i
}

func configured(c image.Config) plan.Image {
	return plan.Image{Env: c.Env, User: c.User, Dir: c.Dir, Command: c.Command}
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return text
}
