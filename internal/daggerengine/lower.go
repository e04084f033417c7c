package daggerengine

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// lower is the container that a step's command runs in.
func (e *Engine) lower(s plan.Step) (*dagger.Container, error) {
	c, ok := e.opts.Images[s.Image]
	if !ok {
		return nil, fmt.Errorf("step %q: image %q is not there", s.ID, s.Image)
	}
	// An image's user and entry point are for its own process.
	c = c.WithUser("0:0").WithMountedFile(stepspec.Init, e.opts.Init)
	for _, m := range s.Mounts {
		var err error
		if c, err = e.mount(c, m); err != nil {
			return nil, fmt.Errorf("step %q: mount %s: %w", s.ID, m.Target, err)
		}
	}
	for _, service := range s.Services {
		root, ok := e.opts.Images[service.Image]
		if !ok {
			return nil, fmt.Errorf("step %q: image %q of service %q is not there", s.ID, service.Image, service.Name)
		}
		c = c.WithMountedDirectory(stepspec.ServiceRoot(service.Name), root.Rootfs())
	}
	empty := e.opts.Client.Directory()
	c = c.WithMountedDirectory(stepspec.Record, empty)
	for _, o := range s.Outputs {
		if o.Volume {
			c = c.WithMountedDirectory(o.Path, empty)
		}
	}
	for _, pair := range s.Env {
		name, value, _ := strings.Cut(pair, "=")
		c = c.WithEnvVariable(name, value)
	}
	if s.Dir != "" {
		c = c.WithWorkdir(s.Dir)
	}
	return c, nil
}

// arguments is the command under sixty-init.
func arguments(g *plan.Graph, s plan.Step) ([]string, error) {
	spec := stepspec.Spec(g, s)
	spec.EndWithZero, spec.Confine = true, &initrec.Confine{NewNetwork: s.Network != plan.NetworkHost}
	text, err := spec.Encode()
	if err != nil {
		return nil, fmt.Errorf("step %q: %w", s.ID, err)
	}
	return append([]string{stepspec.Init, "run", "--spec", text, "--"}, s.Command...), nil
}

func (e *Engine) mount(c *dagger.Container, m plan.Mount) (*dagger.Container, error) {
	readOnly := dagger.ContainerWithMountedDirectoryOpts{ReadOnly: !m.Writable}
	switch src := m.Source; src.Kind {
	case plan.SourceBlob:
		tree, err := e.blob(src)
		if err != nil {
			return nil, err
		}
		return c.WithMountedDirectory(m.Target, tree, readOnly), nil
	case plan.SourceFetch:
		fetched, err := e.fetch(c, src.Files)
		if err != nil {
			return nil, err
		}
		return c.WithMountedDirectory(m.Target, fetched, readOnly), nil
	case plan.SourceOutput:
		return e.output(c, m, readOnly)
	case plan.SourceCache:
		return c.WithMountedCache(m.Target, e.opts.Client.CacheVolume(src.Cache)), nil
	case plan.SourceSecret:
		value, ok := e.opts.Secrets[src.Secret]
		if !ok {
			return nil, fmt.Errorf("secret %q was not given", src.Secret)
		}
		return c.WithMountedSecret(m.Target, value), nil
	case plan.SourceScratch:
		return c.WithMountedTemp(m.Target), nil
	default:
		return nil, fmt.Errorf("source of unknown kind %q", src.Kind)
	}
}

// output mounts what an earlier step made.
func (e *Engine) output(c *dagger.Container, m plan.Mount, readOnly dagger.ContainerWithMountedDirectoryOpts) (*dagger.Container, error) {
	name := m.Source.Output
	step, ok := e.opts.Graph.Step(m.Source.Step)
	if !ok {
		return nil, fmt.Errorf("step %q is not in the plan", m.Source.Step)
	}
	e.mu.Lock()
	from, ok := e.done[step.ID]
	e.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("step %q has not run", step.ID)
	}
	for _, o := range step.Outputs {
		if o.Name == name && o.Volume {
			return c.WithMountedDirectory(m.Target, from.container.Directory(o.Path), readOnly), nil
		}
	}
	place := path.Join(stepspec.Record, initrec.OutputsDir, name)
	switch kind := from.kinds[name]; kind {
	case initrec.OutputFolder:
		return c.WithMountedDirectory(m.Target, from.container.Directory(place), readOnly), nil
	case initrec.OutputFile:
		return c.WithMountedFile(m.Target, from.container.File(place)), nil
	default:
		return nil, fmt.Errorf("output %q of step %q is neither a folder nor a file", name, step.ID)
	}
}

// fetchDir is where downloads are collected.
const fetchDir = "/.sixty/fetched"

// fetch is a folder of pinned downloads. sixty-init downloads them in a
// container that has the network: the API's own http call asks the server anew
// in every session, and a command is known by what it was told to download.
func (e *Engine) fetch(c *dagger.Container, files []plan.Fetch) (*dagger.Directory, error) {
	list, err := json.Marshal(files)
	if err != nil {
		return nil, fmt.Errorf("list the downloads: %w", err)
	}
	const name = "list.json"
	lists := e.opts.Client.Directory().WithNewFile(name, string(list))
	// Nothing of the step but its image: the same downloads serve all.
	return c.
		WithMountedDirectory("/.sixty/list", lists).
		WithMountedDirectory(fetchDir, e.opts.Client.Directory()).
		WithExec([]string{stepspec.Init, "fetch", "--list", "/.sixty/list/" + name, "--out", fetchDir}).
		Directory(fetchDir), nil
}
