package module

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/daggerengine"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
)

// engine is the Dagger engine that the module runs on.
type engine struct {
	session *session
	// images are the containers of resolved images, by name.
	images map[string]*dagger.Container

	once    sync.Once
	version string
}

// Name is the engine's name and version.
func (e *engine) Name() string {
	e.once.Do(func() {
		var err error
		if e.version, err = e.session.client.Version(context.Background()); err != nil {
			e.version = "of unknown version"
		}
	})
	return "dagger " + e.version
}

// Caps is what the engine can keep.
func (e *engine) Caps() plan.Caps { return daggerengine.Caps() }

// Init is what sixty-init is known by: the module has its sources, and only an
// engine that runs a step builds it.
func (e *engine) Init() (string, error) { return "sixty " + Version, nil }

// Runner returns what runs the steps of a graph.
func (e *engine) Runner(_ context.Context, g *plan.Graph, secrets []config.Secret) (run.Runner, error) {
	given := map[string]*dagger.Secret{}
	for _, s := range deploy.Mounted(g, secrets) {
		value, ok := e.session.inputs.Secrets[s.Name]
		if !ok {
			return nil, errors.New(missingSecret(s))
		}
		given[s.Name] = value
	}
	program, err := e.Init()
	if err != nil {
		return nil, err
	}
	keys, err := plan.Keys(g, program)
	if err != nil {
		return nil, err
	}
	return daggerengine.New(daggerengine.Options{
		Client: e.session.client, Graph: g, Init: initProgram(e.session.client), Images: e.images, Keys: keys,
		Scratch: e.session.path("trees"), Results: e.session.host.Cache.Results(), Secrets: given,
	}), nil
}

func missingSecret(s config.Secret) string {
	return fmt.Sprintf("the pipeline declares the secret %q (%s:%d), which was not given: dagger call with-secret --name %s --value env://NAME deploy …",
		s.Name, s.Range.Filename, s.Range.Start.Line, s.Name)
}

// goImage is where the module's own programs are built.
const goImage = "golang:1.26-alpine"

// initProgram is sixty-init, built from the module's own source. The build is
// known by those sources, so it happens once on an engine.
func initProgram(client *dagger.Client) *dagger.File {
	source := client.CurrentModule().Source().Filter(dagger.DirectoryFilterOpts{Include: []string{
		"go.mod", "go.sum", "cmd/sixty-init/*.go", "internal/initrec/*.go", "internal/cargo/vendor/*.go",
		"internal/download/*.go",
	}})
	return build(client, source, ".", "./cmd/sixty-init")
}

// build is a program of this repository, static and reproducible.
func build(client *dagger.Client, source *dagger.Directory, dir, pkg string) *dagger.File {
	const out = "/out/program"
	return client.Container().From(goImage).
		WithMountedCache("/go/pkg/mod", client.CacheVolume("sixty-go-modules")).
		WithMountedCache("/root/.cache/go-build", client.CacheVolume("sixty-go-build")).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-buildvcs=false").
		WithMountedDirectory("/src", source).
		WithWorkdir("/src/" + dir).
		WithExec([]string{"go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg}).
		File(out)
}
