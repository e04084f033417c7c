package deploy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/stages"
)

// DefaultPipeline is the name of a project's pipeline file.
const DefaultPipeline = "pipeline.hcl"

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

// Loader is [Load] as a [Request] has it.
func Loader(path, dir, version string) func() (*config.Config, hcl.Diagnostics, error) {
	return func() (*config.Config, hcl.Diagnostics, error) { return Load(path, dir, version) }
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
