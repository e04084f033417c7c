package concept

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/market"
)

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"packs/own/pack.hcl":  "pack {\n  id = \"io.sixty.rust.cli\"\n  version = \"99.0.0\"\n}\ndependencies = { \"io.x.base\" = \"^1\" }\n",
		"packs/base/pack.hcl": "pack {\n  id = \"io.x.base\"\n  version = \"1.2.0\"\n}\n",
		"packs/bad/pack.hcl":  "pack {\n  id = \"io.x.bad\"\n}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "market.json")
	c := market.Config{Version: 1, Sources: []market.SourceSpec{{Dir: filepath.Join(dir, "packs")}, {Dir: filepath.Join(dir, "gone")}}}
	if err := c.Write(config); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ id, constraint, want, err string }{
		{"io.sixty.rust.cli", "", "io.x.base 1.2.0, io.sixty.rust.cli 99.0.0", ""},
		{"io.sixty.rust.cli", "< 99", "io.sixty.rust.cli", ""}, // the one that ships with sixty
		{"io.sixty.rust.macro-lib", "", "io.sixty.rust.macro-lib", ""},
		{"io.sixty.rust.cli", "> 99", "", "no version satisfies"},
		{"io.sixty.rust.cil", "", "", "Did you mean io.sixty.rust.cli"},
		{"io.x.bad", "", "", "could not be read"}, // and says which packs
	} {
		packs, err := Resolve(t.Context(), config, tc.id, tc.constraint, market.Pins{})
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s %s: %v, want %q", tc.id, tc.constraint, err, tc.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", tc.id, tc.constraint, err)
			continue
		}
		var got []string
		for _, p := range packs.All() {
			got = append(got, p.ID+" "+p.Version)
		}
		if !strings.HasPrefix(strings.Join(got, ", "), tc.want) {
			t.Errorf("%s %s: %v, want %s", tc.id, tc.constraint, got, tc.want)
		}
	}
	var unknown *market.UnknownPackError
	if _, err := Resolve(t.Context(), config, "io.x.none", "", market.Pins{}); !errors.As(err, &unknown) || len(unknown.Faults) != 2 {
		t.Errorf("faults of sources are lost: %v", err)
	}
	if _, err := Resolve(t.Context(), config, "io.sixty.rust.cli", "", market.Pins{Lock: &market.Lock{}, Strict: true}); err == nil || !strings.Contains(err.Error(), "does not pin") {
		t.Errorf("strict: %v", err)
	}
}
