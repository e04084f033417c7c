// A Dagger engine that loads the module puts its own dagger.gen.go in this
// file's place. This one lets the package compile without an engine.

package main

import (
	"fmt"
	"os"

	"github.com/sixtyhq/sixty/internal/dagger"
)

var dag = dagger.Connect()

func main() {
	fmt.Fprintln(os.Stderr, "This is a Dagger module: dagger call --help. The command line is built by make build.")
	os.Exit(2)
}
