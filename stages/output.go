package stages

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Where readers find a step's outputs in the folder of its result.
const (
	coverageFile = "outputs/coverage"
	cratesFolder = "outputs/crates"
)

// maxRead bounds a file that is read whole, in bytes. What is longer is not
// read in part: figures of half a log would be wrong.
const maxRead = 64 << 20

// output is what a step left behind. Containers wrote it, so nothing is read
// through a link, outside of the folder, or without a bound.
type output struct {
	plan.Result
	root *os.Root
}

// open opens one of the step's files, which must be a regular one.
func (o output) open(name string) (*os.File, error) {
	st, err := o.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("it is a %s and no regular file", st.Mode().Type())}
	}
	return o.root.Open(name)
}

// file reads one of the step's files whole.
func (o output) file(name string) ([]byte, error) {
	f, err := o.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxRead {
		return nil, fmt.Errorf("%s is longer than %d MiB, too long to be read", name, maxRead>>20)
	}
	return b, nil
}

// messages reads what cargo said with --message-format=json.
func (o output) messages() (*cargo.Messages, error) {
	f, err := o.open("stdout")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return cargo.ParseMessages(f)
}
