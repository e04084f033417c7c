package module

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
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
	// Packs are directories with a pack, or with packs, beside those that ship
	// with sixty, and before them.
	Packs []*dagger.Directory
	// Hooks lets the commands of packs run, in a container.
	Hooks bool
	// Locked uses only packs that the source's lock of packs pins.
	Locked bool
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
	packs  packs
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
	store, err := blob.Open(deploy.Cache(dir).Content())
	if err != nil {
		return nil, err
	}
	s.engine = &engine{session: s, images: map[string]*dagger.Container{}}
	s.host = deploy.Host{Engine: s.engine, View: log{}, Cache: deploy.Cache(dir), Store: store}
	if err := s.fetch(ctx); err != nil {
		return nil, err
	}
	if s.packs, err = s.fetchPacks(ctx); err != nil {
		return nil, err
	}
	s.host.Market = s.packs
	return s, nil
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

// run begins the run that the inputs ask for.
func (s *session) run() (*deploy.Run, error) {
	req, err := s.request()
	if err != nil {
		return nil, err
	}
	return deploy.New(s.host, req), nil
}

// request is the run that the inputs ask for.
func (s *session) request() (deploy.Request, error) {
	in := s.inputs
	pipeline := ""
	if in.Pipeline != nil {
		pipeline = s.path(deploy.DefaultPipeline)
	}
	req := deploy.Request{
		Load: deploy.Loader(pipeline, s.path("source"), Version), Existing: s.existing, Output: s.path("made"), Level: in.Level, Only: in.Only, Resolve: in.Resolve,
		Hooks: in.Hooks, Locked: in.Locked, Sixty: Version,
	}
	if req.Level == "" {
		req.Level = config.Levels()[0]
	}
	if err := checkLevel(req.Level); err != nil {
		return req, err
	}
	template := in.Template
	switch exists := s.hasCrate(); {
	case exists && (in.Template != "" || in.Name != "" || in.Number != ""):
		return req, errors.New("a template, a name and a version are for a new crate, and the source is one that exists: leave out one or the other")
	case !exists && template == "" && in.Name != "":
		template = DefaultTemplate
	}
	req.Values.Template = lang.Given{Text: template, Source: "--template"}
	if in.AuditDB != nil {
		req.AuditDB = s.path("audit-db")
	}
	for _, v := range in.Vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return req, fmt.Errorf("a variable is NAME=VALUE, not %q", v)
		}
		req.Values.Given = append(req.Values.Given, lang.Given{Name: name, Text: value, Source: "--vars"})
	}
	for _, given := range []struct{ name, value string }{{"name", in.Name}, {"version", in.Number}} {
		if given.value != "" {
			req.Values.Given = append(req.Values.Given, lang.Given{Name: given.name, Text: given.value, Source: "--" + given.name})
		}
	}
	return req, nil
}

// existing is the manifest of the source.
func (s *session) existing() (string, error) {
	if !s.hasCrate() {
		return "", errors.New("there is no Cargo.toml in the source: give a template to make a new crate, or the source of one that exists")
	}
	return s.path("source", "Cargo.toml"), nil
}

func checkLevel(level string) error {
	for _, l := range config.Levels() {
		if l == level {
			return nil
		}
	}
	return fmt.Errorf("there is no level %q; the levels are %s.%s", level, strings.Join(config.Levels(), ", "), lang.DidYouMean(level, config.Levels()))
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
