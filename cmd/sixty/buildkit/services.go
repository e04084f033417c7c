package buildkit

import (
	"net"
	"path"
	"strconv"

	"github.com/moby/buildkit/client/llb"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// serviceRoot is where a service's root file system stands in the step's
// container.
func serviceRoot(name string) string { return path.Join(servicesPath, name) }

// services mounts a writable copy of each service's image, which is discarded
// when the step ends.
func (l *lowering) services(exec llb.ExecState, services []plan.Service) error {
	for _, s := range services {
		root, err := l.image(s.Image)
		if err != nil {
			return err
		}
		exec.AddMount(serviceRoot(s.Name), root, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff))
	}
	return nil
}

// serviceSpecs is what sixty-init is told of a step's services. The container's
// own hosts file gets their names from the engine, which mounts it read-only.
func (l *lowering) serviceSpecs(services []plan.Service) []initrec.Service {
	var out []initrec.Service
	for _, s := range services {
		image, _ := l.graph.Image(s.Image) // mounted already, so it is there
		spec := initrec.Service{
			Name: s.Name, Command: s.Command, Env: append(append([]string{}, image.Env...), s.Env...),
			Root: serviceRoot(s.Name), Dir: s.Dir, User: s.User, Address: s.Address,
			Ready: initrec.Ready{Command: s.Ready.Command, Timeout: s.Ready.Timeout},
		}
		if s.Ready.TCP != 0 {
			spec.Ready.TCP = net.JoinHostPort(s.Address, strconv.Itoa(s.Ready.TCP))
		}
		out = append(out, spec)
	}
	return out
}

// failedService is the service for which a step failed, nil when none is.
func failedService(rec initrec.Record, step plan.Step) *plan.ServiceFailure {
	for _, r := range rec.Services {
		if r.Error == "" {
			continue
		}
		for _, s := range step.Services {
			if s.Name == r.Name {
				return &plan.ServiceFailure{Name: s.Name, Reason: r.Error, Log: initrec.ServiceLog(s.Name), Range: s.Range}
			}
		}
	}
	return nil
}
