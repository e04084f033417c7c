package tera_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// oracleCase is a case as the oracle program reads it.
type oracleCase struct {
	Templates map[string]string `json:"templates"`
	Render    string            `json:"render"`
	Vars      map[string]any    `json:"vars,omitempty"`
	Times     int               `json:"times,omitempty"`
	Inflector bool              `json:"inflector,omitempty"`
}

// oracleResult is what the crate made of a case; one field is set.
type oracleResult struct {
	Output      *string `json:"output,omitempty"`
	Error       *string `json:"error,omitempty"`
	Panic       *string `json:"panic,omitempty"`
	Nanoseconds int64   `json:"nanoseconds,omitempty"`
}

func (r oracleResult) String() string {
	switch {
	case r.Output != nil:
		return fmt.Sprintf("output %q", *r.Output)
	case r.Error != nil:
		return fmt.Sprintf("error %q", *r.Error)
	case r.Panic != nil:
		return fmt.Sprintf("panic %q", *r.Panic)
	}
	return "nothing"
}

// oracle is the running program that renders with the tera crate.
type oracle struct {
	path string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

func oracleWanted() bool { return os.Getenv("SIXTY_TERA_ORACLE") != "" }

// startOracle builds and starts the oracle when SIXTY_TERA_ORACLE is set, and
// skips the test when it is not.
func startOracle(tb testing.TB) *oracle {
	tb.Helper()
	if !oracleWanted() {
		tb.Skip("set SIXTY_TERA_ORACLE=1 to compare with the tera crate; needs cargo")
	}
	o := &oracle{path: buildOracle(tb)}
	if err := o.start(); err != nil {
		tb.Fatalf("starting the oracle: %v", err)
	}
	tb.Cleanup(o.stop)
	return o
}

// buildOracle returns the path of the program.
func buildOracle(tb testing.TB) string {
	tb.Helper()
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join("oracle", "target")
	}
	target, err := filepath.Abs(target)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command("cargo", "build", "--release", "--locked", "--quiet", "--target-dir", target)
	cmd.Dir = "oracle"
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("building the oracle: %v\n%s", err, out)
	}
	return filepath.Join(target, "release", "tera-oracle")
}

func (o *oracle) start() error {
	o.cmd = exec.Command(o.path)
	o.cmd.Stderr = nil
	in, err := o.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	o.in, o.out = in, bufio.NewReaderSize(out, 1<<20)
	return o.cmd.Start()
}

func (o *oracle) stop() {
	o.in.Close()
	_ = o.cmd.Wait()
}

// errOracleDied means that a case ended the program, by exhausting its stack.
var errOracleDied = errors.New("the oracle died")

// render asks the crate. After errOracleDied the oracle runs again.
func (o *oracle) render(c oracleCase) (oracleResult, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return oracleResult{}, err
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		return oracleResult{}, o.restart(err)
	}
	answer, err := o.out.ReadBytes('\n')
	if err != nil {
		return oracleResult{}, o.restart(err)
	}
	var r oracleResult
	return r, json.Unmarshal(answer, &r)
}

func (o *oracle) restart(cause error) error {
	o.stop()
	if err := o.start(); err != nil {
		return fmt.Errorf("restarting the oracle: %w", err)
	}
	return fmt.Errorf("%w: %w", errOracleDied, cause)
}
