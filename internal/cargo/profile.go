package cargo

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pelletier/go-toml/v2"
)

// configNames are the files of cargo's configuration in a project.
var configNames = []string{".cargo/config.toml", ".cargo/config"}

// testProfile decides whether tests can take the dependencies that are compiled
// for release, so that there is one set of them. They can't where the project
// says how its tests are to be compiled, in its manifest or in cargo's
// configuration, and where its release build leaves something to the linker
// (LTO) or aborts on a panic, as tests then need dependencies of their own.
func testProfile(tree fs.FS, root manifest) (string, error) {
	const own, shared = "dev", "release"
	for _, name := range []string{"dev", "test"} {
		if root.table("profile", name) != nil {
			return own, nil
		}
	}
	release := root.table("profile", "release")
	switch release["lto"] {
	case nil, false, "off":
	default:
		return own, nil
	}
	if release["panic"] == "abort" {
		return own, nil
	}
	for _, name := range configNames {
		data, err := readBounded(tree, name, MaxManifestBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		var config manifest
		if err := toml.Unmarshal(data, &config); err != nil || config["profile"] != nil {
			return own, nil //nolint:nilerr // cargo says what is wrong with it
		}
	}
	return shared, nil
}
