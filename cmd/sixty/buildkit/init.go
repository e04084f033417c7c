package buildkit

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// initFiles has sixty-init when the build has put it there.
//
//go:embed initbin
var initFiles embed.FS

// InitProgram returns sixty-init, the static program that wraps every step.
func InitProgram() ([]byte, error) {
	b, err := initFiles.ReadFile("initbin/sixty-init")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this sixty was built without sixty-init: build it with make build")
	}
	if err != nil {
		return nil, fmt.Errorf("read sixty-init: %w", err)
	}
	return b, nil
}
