//go:build !unix

package codegen

import (
	"errors"
	"os"
)

// flock refuses: without a lock two runs could mix their writes.
func flock(*os.File) error { return errors.ErrUnsupported }
