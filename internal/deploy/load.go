package deploy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages"
)

// Mistake is a mistake in how a run was asked for or configured.
type Mistake struct{ Err error }

func (m Mistake) Error() string { return m.Err.Error() }

// Unwrap gives the mistake itself.
func (m Mistake) Unwrap() error { return m.Err }

func mistakef(format string, args ...any) error { return Mistake{fmt.Errorf(format, args...)} }

// DiagnosticsError is diagnostics with the files that they point into.
type DiagnosticsError struct {
	Diagnostics hcl.Diagnostics
	Files       map[string]*hcl.File
}

// Error shows each diagnostic with its place and snippet.
func (e *DiagnosticsError) Error() string {
	var b strings.Builder
	w := hcl.NewDiagnosticTextWriter(&b, e.Files, 0, false)
	if err := w.WriteDiagnostics(config.Locate(e.Diagnostics, e.Files)); err != nil {
		return e.Diagnostics.Error()
	}
	return strings.TrimSpace(b.String())
}

// DefaultPipeline is the name of a project's pipeline file.
const DefaultPipeline = "pipeline.hcl"

// templateVariable is the pipeline's variable for the pack.
const templateVariable = "template"

// BuiltIn is the name of the built-in pipeline.
const BuiltIn = "built-in pipeline.hcl"

// Load reads a pipeline and checks that it is for this version of sixty: the
// one at path, or without one that in dir, or else the built-in one, whose folder
// is dir. Warnings come back as well, and with mistakes in its blocks the
// pipeline does too, for who looks for more of them.
func Load(path, dir, version string) (*config.Config, hcl.Diagnostics, error) {
	if path == "" {
		own := filepath.Join(dir, DefaultPipeline)
		if _, err := os.Stat(own); err == nil {
			path = own
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, Mistake{err}
		}
	}
	var cfg *config.Config
	var diags hcl.Diagnostics
	if path == "" {
		cfg, diags = config.Parse(dir, []string{BuiltIn}, map[string][]byte{BuiltIn: stages.DefaultPipeline})
	} else {
		cfg, diags = config.Load(path)
	}
	if diags.HasErrors() {
		e := &DiagnosticsError{Diagnostics: diags}
		if cfg != nil {
			e.Files = cfg.Files
		}
		return cfg, nil, e
	}
	return cfg, diags, checkVersion(cfg, version)
}

// checkVersion refuses a pipeline that asks for another sixty. A development
// version counts as the release that it leads to.
func checkVersion(cfg *config.Config, version string) error {
	if cfg.RequiredVersion == "" {
		return nil
	}
	asked, err := semver.NewConstraint(cfg.RequiredVersion)
	if err != nil {
		return mistakef("required_version = %q is no version constraint such as \">= 0.1\": %w", cfg.RequiredVersion, err)
	}
	own, err := semver.NewVersion(version)
	if err != nil {
		return fmt.Errorf("own version %q: %w", version, err)
	}
	release, err := own.SetPrerelease("")
	if err != nil {
		return fmt.Errorf("own version %q: %w", version, err)
	}
	if !asked.Check(&release) {
		return mistakef("the pipeline asks for sixty %s, and this is %s", cfg.RequiredVersion, version)
	}
	return nil
}

// choose loads the pipeline and evaluates its first two stages. Of the values
// that were given, those that the pipeline declares are its own; the others are
// for the pack and come back.
func (r *Run) choose() (first, second config.Stage, pack []lang.Given, err error) {
	cfg, warnings, err := Load(r.req.Pipeline, r.req.Dir, r.req.Sixty)
	if err != nil {
		return first, second, nil, err
	}
	r.Config = cfg
	r.warn(warnings)
	auto, err := config.AutoValues(cfg.Dir)
	if err != nil {
		return first, second, nil, Mistake{err}
	}
	var own []lang.Given
	hasTemplate := slices.ContainsFunc(cfg.Variables, func(v lang.Variable) bool { return v.Name == templateVariable })
	if r.req.Template != "" && hasTemplate {
		own = append(own, lang.Given{Name: templateVariable, Text: r.req.Template, Source: "template"})
	}
	for _, g := range slices.Concat(auto, r.req.Given) {
		if slices.ContainsFunc(cfg.Variables, func(v lang.Variable) bool { return v.Name == g.Name }) {
			own = append(own, g)
		} else {
			pack = append(pack, g)
		}
	}
	values, diags := lang.ResolveVariables(cfg.Variables, own, lang.FunctionMap(cfg.Dir))
	if diags.HasErrors() {
		return first, second, nil, &DiagnosticsError{diags, cfg.Files}
	}
	r.warn(diags)
	r.Variables, cfg.Sources = values.Values, values.Sources
	if first, second, diags = cfg.Concept(r.Variables); diags.HasErrors() {
		return first, second, nil, &DiagnosticsError{diags, cfg.Files}
	}
	// A template can be chosen where the pipeline has no variable for it, too.
	if id := r.req.Template; id != "" && !hasTemplate {
		if first.Pack != id {
			first.Version = "" // it is for the pack that the pipeline names
		}
		first.Pack, first.When = id, true
	}
	return first, second, pack, nil
}

// Images are the pipeline's image blocks, evaluated without a crate, on which
// they can't depend.
func Images(req Request) ([]config.Image, error) {
	r := &Run{req: req, host: Host{View: silent{}}}
	if _, _, _, err := r.choose(); err != nil {
		return nil, err
	}
	images, diags := r.Config.EvaluateImages(r.Variables)
	if diags.HasErrors() {
		return nil, &DiagnosticsError{diags, r.Config.Files}
	}
	return images, nil
}

// silent is a view that shows nothing.
type silent struct{}

func (silent) Note(string, ...any)    {}
func (silent) Started(string, string) {}
func (silent) Ended(plan.Result)      {}
