//go:build unix

package codegen

import (
	"os"

	"golang.org/x/sys/unix"
)

// flock takes an exclusive lock that ends with the file or the process.
func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
