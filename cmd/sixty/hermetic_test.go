package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// left is the results folder of a step with a record and the engine's
// provenance.
func left(t *testing.T, change func(r *initrec.Record, provenance *string)) string {
	t.Helper()
	record := initrec.Record{
		Version: initrec.Version, EnvNames: []string{"HOME"}, Network: initrec.Network{LoopbackOnly: true, LoopbackUp: true},
		Mounts: []initrec.MountRecord{{Path: "/"}, {Path: "/.sixty/init"}, {Path: "/.sixty/out"}, {Path: "/etc/hosts"}, {Path: "/src"}},
	}
	provenance := `{"subject": [{"name": "log", "digest": {"sha256": "` + strings.Repeat("b", 64) + `"}}], "predicate": {
		"buildDefinition": {"resolvedDependencies": [{"digest": {"sha256": "` + strings.Repeat("a", 64) + `"}}]},
		"runDetails": {"metadata": {"buildkit_hermetic": true}}}}`
	change(&record, &provenance)
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"record.json": string(text), "provenance.json": provenance} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestHermetic(t *testing.T) {
	quiet := func(*initrec.Record, *string) {}
	online := func(r *initrec.Record, p *string) {
		r.Network.LoopbackOnly = false
		*p = strings.Replace(*p, `"buildkit_hermetic": true`, `"buildkit_hermetic": false`, 1)
	}
	mounted := func(path string) func(*initrec.Record, *string) {
		return func(r *initrec.Record, _ *string) { r.Mounts = append(r.Mounts, initrec.MountRecord{Path: path}) }
	}
	said := func(old, new string) func(*initrec.Record, *string) {
		return func(_ *initrec.Record, p *string) { *p = strings.Replace(*p, old, new, 1) }
	}
	pinned := plan.Image{Name: "rust", Digest: "sha256:" + strings.Repeat("a", 64)}
	src := plan.Mount{Target: "/src", Source: plan.Source{Kind: plan.SourceBlob, Digest: "sha256:src"}}
	cache := plan.Mount{Target: "/pad", Source: plan.Source{Kind: plan.SourceCache, Cache: "pad"}}
	for name, test := range map[string]struct {
		image  plan.Image
		mounts []plan.Mount
		host   []plan.Result
		left   func(*initrec.Record, *string) // nil: the folder is gone
		status plan.Status
		want   string // "holds", "absent" or what is against it
	}{
		"quiet":         {image: pinned, left: quiet, want: "holds"},
		"failed":        {image: pinned, left: quiet, status: plan.StatusFailed, want: "holds"},
		"rendered":      {image: pinned, host: []plan.Result{{Step: "generation.render", Status: plan.StatusPassed}}, left: quiet, want: "holds"},
		"network":       {image: pinned, left: online, want: "step t.a had the network"},
		"lock":          {image: pinned, host: []plan.Result{{Step: "setup.lockfile", Key: "k", Dir: left(t, online), Status: plan.StatusPassed}}, left: quiet, want: "step setup.lockfile had the network"},
		"cache":         {image: pinned, mounts: []plan.Mount{cache}, left: mounted("/pad"), want: "step t.a had the cache pad"},
		"a host's path": {image: pinned, left: mounted("/home/user"), want: "step t.a had /home/user mounted, which its plan does not name"},
		"image":         {image: plan.Image{Name: "rust"}, left: quiet, want: "image rust has no digest"},
		"another image": {image: pinned, left: said(strings.Repeat("a", 64), strings.Repeat("c", 64)), want: "step t.a ran on another image than sha256:" + strings.Repeat("a", 64) + ", says the engine"},
		"tainted input": {image: pinned, left: said(`"buildkit_hermetic": true`, `"buildkit_hermetic": false`), want: "step t.a was made from something that had the network, says the engine"},
		// What the step itself may have written does not count.
		"forged":         {image: pinned, left: said(`"buildkit_hermetic": true`, `"buildkit_hermetic": false`), status: plan.StatusFailed, want: "holds"},
		"other engine":   {image: pinned, left: func(_ *initrec.Record, p *string) { *p = "{}" }, want: "holds"},
		"no mounts read": {image: pinned, left: func(r *initrec.Record, _ *string) { r.Mounts = nil }, want: "absent"},
		"network unread": {image: pinned, left: func(r *initrec.Record, _ *string) { r.Network.Error = "x" }, want: "absent"},
		"lost record":    {image: pinned, want: "absent"},
		"engine failed":  {image: pinned, status: plan.StatusError, want: "absent"},
		"nothing ran":    {image: pinned, status: plan.StatusNotRun, want: "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			result := plan.Result{Step: "t.a", Key: "k", Status: plan.StatusPassed, Dir: filepath.Join(t.TempDir(), "gone")}
			if test.left != nil {
				result.Dir = left(t, test.left)
			}
			if test.status != "" {
				result.Status = test.status
			}
			e := &executed{Run: &deploy.Run{Facts: deploy.Facts{Host: test.host, Results: []plan.Result{result}, Graph: &plan.Graph{
				Images: []plan.Image{test.image},
				Stages: []plan.Stage{{Name: "t", Steps: []plan.Step{{ID: "t.a", Image: "rust", Mounts: append([]plan.Mount{src}, test.mounts...)}}}},
			}}}}
			got := "absent"
			if c := e.hermetic(); c != nil && c.Holds {
				got = "holds"
			} else if c != nil {
				got = c.Detail
			}
			if got != test.want {
				t.Errorf("hermetic is %q, want %q", got, test.want)
			}
		})
	}
}
