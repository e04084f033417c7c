package buildkit

import (
	"github.com/moby/buildkit/client/llb"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// services mounts a writable copy of each service's image, which is discarded
// when the step ends.
func (l *lowering) services(exec llb.ExecState, services []plan.Service) error {
	for _, s := range services {
		root, err := l.image(s.Image)
		if err != nil {
			return err
		}
		exec.AddMount(stepspec.ServiceRoot(s.Name), root, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff))
	}
	return nil
}
