//go:build linux

package buildkit

import (
	"os"
	"testing"
)

// TestStartAgain: what is closed lets go of everything, so that the same process
// can start another engine on the same state.
func TestStartAgain(t *testing.T) {
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	root := t.TempDir()
	for range 2 {
		c, e, err := StartEmbedded(t.Context(), EmbeddedOptions{Root: root})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.DiskUsage(t.Context()); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
