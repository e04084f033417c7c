// Package stepspec is what every engine tells sixty-init of a step, and what
// sixty-init's record says of it then.
package stepspec

import (
	"net"
	"path"
	"slices"
	"strconv"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Where things of sixty stand in every container.
const (
	// Init is sixty-init, and Record the folder of its record.
	Init   = "/.sixty/init"
	Record = "/.sixty/out"
	// services has the root of each service.
	services = "/.sixty/services"
)

// IsServiceRoot reports whether a path is the root of a service.
func IsServiceRoot(name string) bool { return path.Dir(name) == services }

// ServiceRoot is where a service's root file system stands in the step's
// container. An engine mounts a writable copy of the service's image there, which
// is discarded when the step ends.
func ServiceRoot(name string) string { return path.Join(services, name) }

// Spec is what sixty-init is told of a step, whichever engine runs it: limits,
// privileges, services, and the outputs that it collects, which those are not
// that are mounts of their own.
func Spec(g *plan.Graph, s plan.Step) initrec.Spec {
	spec := initrec.Spec{Record: Record, Timeout: s.Timeout, Capabilities: initrec.DefaultCapabilities()}
	for _, o := range s.Outputs {
		if !o.Volume {
			spec.Outputs = append(spec.Outputs, initrec.Output{Name: o.Name, Path: o.Path, Optional: o.Optional})
		}
	}
	for _, service := range s.Services {
		spec.Services = append(spec.Services, serviceSpec(g, service))
	}
	return spec
}

func serviceSpec(g *plan.Graph, s plan.Service) initrec.Service {
	image, _ := g.Image(s.Image) // plan.Check has seen it
	spec := initrec.Service{
		Name: s.Name, Command: s.Command, Env: slices.Concat(image.Env, s.Env),
		Root: ServiceRoot(s.Name), Dir: s.Dir, User: s.User, Address: s.Address,
		Ready: initrec.Ready{Command: s.Ready.Command, Timeout: s.Ready.Timeout},
	}
	if s.Ready.TCP != 0 {
		spec.Ready.TCP = net.JoinHostPort(s.Address, strconv.Itoa(s.Ready.TCP))
	}
	return spec
}

// Complete fills in what the record says of a step that ended.
func Complete(res *plan.Result, s plan.Step, rec initrec.Record) {
	code := rec.ExitCode
	res.ExitCode = &code
	if rec.TimedOut {
		res.Status = plan.StatusTimedOut
	}
	res.Reason = rec.Error
	res.Service = failedService(s, rec)
	loopback := rec.Network.LoopbackOnly
	res.Record = &plan.Record{
		WallMS: rec.DurationMS, UserMS: rec.UserCPUMS, SystemMS: rec.SystemCPUMS,
		PeakRSS: rec.MaxRSSBytes, LoopbackOnly: &loopback, EnvNames: rec.EnvNames,
	}
}

// failedService is the service for which a step failed, nil when none is.
func failedService(step plan.Step, rec initrec.Record) *plan.ServiceFailure {
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
