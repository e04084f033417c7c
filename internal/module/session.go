package module

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// Version is the version of sixty that the module is.
const Version = "0.1.0-dev"

// DefaultTemplate is the pack of a new crate for which none is named.
const DefaultTemplate = "io.sixty.rust.axum-service"

// Inputs are what the functions' arguments say; every field may be empty.
type Inputs struct {
	// Source is a crate or workspace that exists.
	Source *dagger.Directory
	// Template is the pack of a new crate, and Name and Number are its name and
	// version.
	Template, Name, Number string
	// Vars are values of variables, NAME=VALUE.
	Vars []string
	// Pipeline is a pipeline file.
	Pipeline *dagger.File
	// Level is the readiness level to ask for.
	Level string
	// Only are the stages to run beside setup.
	Only []string
	// Resolve makes a missing Cargo.lock.
	Resolve bool
	// AuditDB is the RustSec advisory database.
	AuditDB *dagger.Directory
	// Base is the container that steps start from, in the place of every image
	// of the pipeline.
	Base *dagger.Container
	// Secrets are the values of the pipeline's secrets, by name.
	Secrets map[string]*dagger.Secret
}

// session is one call of a function.
type session struct {
	client *dagger.Client
	// dir is a folder below the working directory, relative to it: the engine
	// can fetch from there.
	dir    string
	inputs Inputs
	engine *engine
	host   deploy.Host
}

// open makes the folders of a session and brings its inputs there.
func open(ctx context.Context, client *dagger.Client, in Inputs) (*session, error) {
	dir, err := os.MkdirTemp(".", "sixty-")
	if err != nil {
		return nil, fmt.Errorf("make a working folder: %w", err)
	}
	s := &session{client: client, dir: dir, inputs: in}
	for _, name := range []string{"source", "made", "report"} {
		if err := os.MkdirAll(s.path(name), 0o755); err != nil {
			return nil, fmt.Errorf("make a working folder: %w", err)
		}
	}
	store, err := blob.Open(s.path("content"))
	if err != nil {
		return nil, err
	}
	authorities, err := deploy.HostAuthorities(store)
	if err != nil {
		return nil, err
	}
	cache := market.NewCache(s.path("packs"))
	s.engine = &engine{session: s, images: map[string]*dagger.Container{}}
	s.host = deploy.Host{
		Engine: s.engine, Market: shipped{cache}, View: log{}, Store: store, Results: s.path("results"), Authorities: authorities,
		Registries: func(ctx context.Context, lock *cargo.Lock) (map[string]cargo.RegistryConfig, error) {
			return deploy.Registries(ctx, dir, lock)
		},
		Remote: func(graphs []config.Graph) *remote.Asker {
			return remote.New(s.path("answers"), http.DefaultClient, generation.Sources(graphs))
		},
	}
	return s, s.fetch(ctx)
}

func (s *session) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// fetch brings the directories and files of the inputs to this machine.
func (s *session) fetch(ctx context.Context) error {
	for _, d := range []struct {
		what string
		from *dagger.Directory
		to   string
	}{{"source", s.inputs.Source, "source"}, {"advisory database", s.inputs.AuditDB, "audit-db"}} {
		if d.from == nil {
			continue
		}
		if _, err := d.from.Export(ctx, s.path(d.to)); err != nil {
			return fmt.Errorf("get the %s: %w", d.what, err)
		}
	}
	if s.inputs.Pipeline != nil {
		if _, err := s.inputs.Pipeline.Export(ctx, s.path(deploy.DefaultPipeline)); err != nil {
			return fmt.Errorf("get the pipeline: %w", err)
		}
	}
	return nil
}

// hasCrate reports whether the source is a crate that exists.
func (s *session) hasCrate() bool {
	_, err := os.Stat(s.path("source", "Cargo.toml"))
	return err == nil
}

// request is the run that the inputs ask for.
func (s *session) request() (deploy.Request, error) {
	in := s.inputs
	req := deploy.Request{
		Dir: s.path("source"), Output: s.path("made"), Template: in.Template, Level: in.Level, Only: in.Only, Resolve: in.Resolve,
		Sixty: Version,
	}
	if req.Level == "" {
		req.Level = config.Levels()[0]
	}
	if err := checkLevel(req.Level); err != nil {
		return req, err
	}
	switch exists := s.hasCrate(); {
	case exists && (in.Template != "" || in.Name != "" || in.Number != ""):
		return req, errors.New("a template, a name and a version are for a new crate, and the source is one that exists: leave out one or the other")
	case !exists && in.Template == "" && in.Name != "":
		req.Template = DefaultTemplate
	}
	if in.Pipeline != nil {
		req.Pipeline = s.path(deploy.DefaultPipeline)
	}
	if in.AuditDB != nil {
		req.AuditDB = s.path("audit-db")
	}
	for _, v := range in.Vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return req, fmt.Errorf("a variable is NAME=VALUE, not %q", v)
		}
		req.Given = append(req.Given, lang.Given{Name: name, Text: value, Source: "--vars"})
	}
	for _, given := range []struct{ name, value string }{{"name", in.Name}, {"version", in.Number}} {
		if given.value != "" {
			req.Given = append(req.Given, lang.Given{Name: given.name, Text: given.value, Source: "--" + given.name})
		}
	}
	return req, nil
}

func checkLevel(level string) error {
	for _, l := range config.Levels() {
		if l == level {
			return nil
		}
	}
	return fmt.Errorf("there is no level %q; the levels are %s.%s", level, strings.Join(config.Levels(), ", "), lang.DidYouMean(level, config.Levels()))
}

// shipped is the market of the packs that ship with sixty.
type shipped struct{ cache *market.Cache }

// Resolve finds a pack and all that it depends on.
func (m shipped) Resolve(ctx context.Context, id, constraint string) (*concept.Packs, error) {
	catalog, err := m.catalog(ctx)
	if err != nil {
		return nil, err
	}
	packs, err := catalog.ResolveAll(ctx, id, constraint, market.Pins{})
	if err != nil {
		return nil, err
	}
	return concept.Together(packs), nil
}

func (m shipped) catalog(ctx context.Context) (*market.Catalog, error) {
	catalog, err := market.OpenCatalog(ctx, concept.Shipped())
	if err != nil {
		return nil, fmt.Errorf("open the market: %w", err)
	}
	return catalog, nil
}

// directory is a folder of the session as a directory of the engine.
func (s *session) directory(elem ...string) *dagger.Directory {
	return s.client.CurrentModule().Workdir(filepath.ToSlash(s.path(elem...)))
}

// file is a file of the session as a file of the engine.
func (s *session) file(elem ...string) *dagger.File {
	return s.client.CurrentModule().WorkdirFile(filepath.ToSlash(s.path(elem...)))
}

// write writes a file of the session.
func (s *session) write(text []byte, elem ...string) error {
	to := s.path(elem...)
	if err := os.MkdirAll(path.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, fs.FileMode(0o644))
}
