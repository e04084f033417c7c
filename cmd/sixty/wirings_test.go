package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/daggertest"
	"github.com/sixtyhq/sixty/internal/enginetest"
	"github.com/sixtyhq/sixty/internal/module"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/preview"
)

// TestOnePlan plans the same as the command and as the Dagger module: the same
// steps, with the same keys where sixty-init is known by the same name.
func TestOnePlan(t *testing.T) {
	fixture := enginetest.Dir(t)
	t.Setenv("SOURCE_DATE_EPOCH", "")
	for name, c := range map[string]struct {
		options runOptions
		inputs  func(*dagger.Client) module.Inputs
	}{
		"a crate that exists": {
			runOptions{dir: fixture, manifest: filepath.Join(fixture, "Cargo.toml")},
			func(c *dagger.Client) module.Inputs { return module.Inputs{Source: c.Directory()} },
		},
		"a new crate": {
			runOptions{template: module.DefaultTemplate, name: "made"},
			func(*dagger.Client) module.Inputs { return module.Inputs{Name: "made"} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := daggertest.Serve(t)
			session.Answer = func(value daggertest.Chain) (any, error) {
				switch last := value[len(value)-1]; last.Field {
				case "imageRef":
					from, _ := value.Last("from")
					return from.Args["address"].(string) + "@" + onePlanImage, nil
				case "export":
					to := last.Args["path"].(string)
					return to, os.CopyFS(to, os.DirFS(fixture))
				}
				return nil, nil
			}
			t.Chdir(t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			command, keys := planOfCommand(t, c.options)
			client := dagger.Connect()
			fromModule, err := module.Plan(t.Context(), client, c.inputs(client))
			if err != nil {
				t.Fatal(err)
			}
			for _, stage := range fromModule.Stages {
				for _, step := range stage.Steps {
					if step.Key == nil || *step.Key != keys[step.ID].Digest {
						t.Errorf("the key of %s is another one: %s", step.ID, step.KeyUnknown)
					}
				}
			}
			if diff := cmp.Diff(planAsJSON(t, command), planAsJSON(t, fromModule)); diff != "" {
				t.Errorf("the module plans otherwise than the command (-command +module):\n%s", diff)
			}
			if len(keys) < 5 || len(fromModule.Gates) == 0 {
				t.Errorf("only %d steps and %d gates are planned", len(keys), len(fromModule.Gates))
			}
		})
	}
}

// onePlanImage is the digest of every image.
const onePlanImage = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

// planOfCommand is what sixty plan has, with a cache of its own, and the keys that
// the steps have for the module's sixty-init.
func planOfCommand(t *testing.T, o runOptions) (preview.Plan, map[string]plan.Key) {
	t.Helper()
	cache := t.TempDir()
	a := newApp(io.Discard, io.Discard)
	a.cacheDir, a.progress = cache, "quiet"
	pinned := pins{}
	for _, ref := range []string{"docker.io/library/rust:1.96-slim-bookworm"} {
		pinned[ref] = pin{Digest: onePlanImage, At: time.Now()}
	}
	if err := pinned.write(cache); err != nil {
		t.Fatal(err)
	}
	o.level, o.report, o.width = "basic", filepath.Join(t.TempDir(), "report.json"), 1
	e, p, err := a.foresee(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := plan.Keys(e.Graph, "sixty "+module.Version)
	if err != nil {
		t.Fatal(err)
	}
	return p, keys
}

// planAsJSON is a plan as its JSON, without what each wiring has of its own: the
// keys, which hold how sixty-init is known, places of files, how an image was
// found, and how many steps run at once.
func planAsJSON(t *testing.T, p preview.Plan) any {
	t.Helper()
	var text strings.Builder
	if err := p.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text.String()), &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "schedule")
	for _, image := range v["images"].([]any) {
		image := image.(map[string]any)
		delete(image, "origin")
		delete(image, "ref")
	}
	for _, stage := range v["stages"].([]any) {
		for _, step := range stage.(map[string]any)["steps"].([]any) {
			delete(step.(map[string]any), "key")
			delete(step.(map[string]any), "at")
		}
	}
	return v
}
