//go:build linux

package buildkit

import (
	"context"
	"path"
	"slices"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/sys/user"

	"github.com/sixtyhq/sixty/internal/stepspec"
)

// procExecutor mounts a /proc into the root of each service. A step's container
// may mount nothing, and LLB has no word for it, so this is for the embedded
// engine alone: on a remote one services have no /proc.
type procExecutor struct{ executor.Executor }

// Run is the executor's own with more mounts.
func (e procExecutor) Run(ctx context.Context, id string, rootfs executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	return e.Executor.Run(ctx, id, rootfs, withProc(mounts), process, started)
}

// withProc adds a /proc after each root of a service.
func withProc(mounts []executor.Mount) []executor.Mount {
	all := slices.Clone(mounts)
	for _, m := range mounts {
		if stepspec.IsServiceRoot(m.Dest) {
			all = append(all, executor.Mount{Src: procSource{}, Dest: path.Join(m.Dest, "proc"), Readonly: true})
		}
	}
	return all
}

// procSource is a /proc of the step's own process namespace. It is read-only:
// what runtimes protect below a container's /proc is not protected below
// another one.
type procSource struct{}

func (procSource) Mount(context.Context, bool) (executor.MountableRef, error) {
	return procRef{}, nil
}

type procRef struct{}

func (procRef) Mount() ([]mount.Mount, func() error, error) {
	m := mount.Mount{Type: "proc", Source: "proc", Options: []string{"ro", "nosuid", "nodev", "noexec"}}
	return []mount.Mount{m}, func() error { return nil }, nil
}

func (procRef) IdentityMapping() *user.IdentityMapping { return nil }
