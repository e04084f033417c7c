package module

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sixtyhq/sixty/internal/enginetest"
)

// The fixture that every engine runs, on a real Dagger engine: with
// SIXTY_TEST_DAGGER set, through the dagger that is in the path.
func TestLive(t *testing.T) {
	if os.Getenv("SIXTY_TEST_DAGGER") == "" {
		t.Skip("needs a Dagger engine: set SIXTY_TEST_DAGGER to run it")
	}
	t.Setenv(enginetest.Variable, enginetest.Secret)
	out := filepath.Join(t.TempDir(), "out")
	call := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "dagger", append([]string{
			"--progress=plain", "call", "with-secret", "--name", "token", "--value", "env://" + enginetest.Variable}, args...)...)
		cmd.Dir = filepath.Join("..", "..")
		return cmd.CombinedOutput()
	}
	source := enginetest.Dir(t)
	if said, err := call("report", "--source", source, "export", "--path", out); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	enginetest.Check(t, filepath.Join(out, ReportFile), false)
	if said, err := call("deploy", "--source", source); err == nil {
		t.Errorf("a crate that is not ready is no error:\n%s", said)
	}
}
