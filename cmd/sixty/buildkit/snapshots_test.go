package buildkit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOpenSnapshotsAfterKill leaves what an engine leaves that is killed while
// it makes a layer: a folder with the next number, which the database does not
// know.
func TestOpenSnapshotsAfterKill(t *testing.T) {
	root := t.TempDir()
	stray := filepath.Join(root, "snapshots", "1", "fs")
	if err := os.MkdirAll(stray, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := openSnapshots(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test's own
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("the folder that no snapshot has is still there: %v", err)
	}
	if _, err := s.Prepare(t.Context(), "first", ""); err != nil {
		t.Errorf("the first snapshot can't be made: %v", err)
	}
}
