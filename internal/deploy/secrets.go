package deploy

import (
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Mounted are those secrets that steps which will run mount. Nobody has to give
// the others.
func Mounted(g *plan.Graph, declared []config.Secret) []config.Secret {
	mounted := map[string]bool{}
	for _, s := range g.Steps() {
		if s.Skipped != "" {
			continue
		}
		for _, m := range s.Mounts {
			if m.Source.Kind == plan.SourceSecret {
				mounted[m.Source.Secret] = true
			}
		}
	}
	var out []config.Secret
	for _, s := range declared {
		if mounted[s.Name] {
			out = append(out, s)
		}
	}
	return out
}
