package cargo

import (
	"fmt"
	"slices"
	"strings"
)

// VendorConfig is the text for a config.toml of cargo that makes it take every
// registry crate of a set from a vendor directory. Source:
// https://doc.rust-lang.org/cargo/reference/source-replacement.html
func VendorConfig(set SourceSet, dir string) string {
	var registries []string
	for _, c := range set.Crates {
		registries = append(registries, c.Registry)
	}
	slices.Sort(registries)
	var b strings.Builder
	b.WriteString("[source.crates-io]\nreplace-with = \"sixty-vendor\"\n")
	for i, r := range slices.Compact(registries) {
		if s, err := parseSource(r, true); err == nil && s.IsCratesIO() {
			continue
		}
		fmt.Fprintf(&b, "\n[source.sixty-registry-%d]\nregistry = %q\nreplace-with = \"sixty-vendor\"\n", i, strings.TrimPrefix(r, "registry+"))
	}
	fmt.Fprintf(&b, "\n[source.sixty-vendor]\ndirectory = %q\n", dir)
	return b.String()
}
