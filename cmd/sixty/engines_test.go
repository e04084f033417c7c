//go:build linux

package main

import (
	"path/filepath"
	"testing"

	"github.com/sixtyhq/sixty/internal/enginetest"
)

// The fixture that every engine runs, on this one.
func TestEngineFixture(t *testing.T) {
	cache := storyCache(t)
	needEngine(t, cache)
	t.Setenv("SIXTY_CACHE_DIR", cache)
	t.Setenv("SIXTY_SERVE", "off")
	t.Setenv("SOURCE_DATE_EPOCH", "")
	t.Setenv(enginetest.Variable, enginetest.Secret)
	dir := enginetest.Dir(t)
	out := filepath.Join(t.TempDir(), "report.json")
	code := sixty([]string{"deploy", "--manifest", filepath.Join(dir, "Cargo.toml"), "--pipeline", filepath.Join(dir, "pipeline.hcl"), "--report", out, "--no-sign", "--progress", "quiet"})
	if code != exitNo {
		t.Fatalf("exit code %d", code)
	}
	enginetest.Check(t, out, *update)
}
