package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// Workshop is a container that stays, in which commands run one after the other
// on folders that keep what they wrote. Nothing that it says is hermetic or
// cached: it is for people who wait for an answer.
type Workshop struct {
	step   plan.Step
	env    []string
	spec   string
	ctr    gateway.Container
	whole  bool // the next tree is a whole one
	cancel context.CancelFunc
	ended  chan error
}

// Kept are mounts of a workshop's step that keep what is written to them, by
// target, with the id of a cache volume. A volume begins as what the step mounts
// there, for the source folder as an empty one.
type Kept map[string]string

// OpenWorkshop starts a container as s would have it, but for the kept mounts.
// What s mounts of other steps must have been run. Secrets and services are not
// there; a step with any is refused. Close ends the container.
func (e *Engine) OpenWorkshop(ctx context.Context, s plan.Step, kept Kept, source string) (*Workshop, error) {
	if len(s.Services) > 0 {
		return nil, fmt.Errorf("step %q: a workshop has no services", s.ID)
	}
	// BuildKit ends a container as soon as one of its processes fails.
	spec, err := initrec.Spec{Record: stepspec.Record, Capabilities: initrec.DefaultCapabilities(), EndWithZero: true}.Encode()
	if err != nil {
		return nil, err
	}
	image, _ := e.opts.Graph.Image(s.Image)
	if err := e.collect(ctx, s, map[string]bool{}); err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &Workshop{step: s, env: append(append([]string{}, image.Env...), s.Env...), spec: spec, whole: true, cancel: cancel, ended: make(chan error, 1)}
	opened := make(chan error, 1)
	go func() {
		_, err := e.opts.Client.Build(inner, e.solveOpt(), "sixty", func(inner context.Context, c gateway.Client) (*gateway.Result, error) {
			err := w.open(inner, e, c, kept, source)
			opened <- err
			if err != nil {
				return nil, err
			}
			<-inner.Done()
			return nil, w.ctr.Release(context.WithoutCancel(inner))
		}, nil)
		select {
		case opened <- err:
		default:
		}
		w.ended <- err
	}()
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	if err := <-opened; err != nil {
		cancel()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, explain(err)
	}
	return w, nil
}

// Close ends the container and whatever runs in it.
func (w *Workshop) Close() error {
	w.cancel()
	if err := <-w.ended; err != nil && !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "context canceled") {
		return fmt.Errorf("end the workshop: %w", err)
	}
	return nil
}

// open makes the container with a first process that only holds it.
func (w *Workshop) open(ctx context.Context, e *Engine, c gateway.Client, kept Kept, source string) error {
	mounts, err := w.mounts(ctx, e, c, kept, source)
	if err != nil {
		return err
	}
	req := gateway.NewContainerRequest{Mounts: mounts, NetMode: pb.NetMode_NONE}
	if w.step.Network == plan.NetworkHost {
		req.NetMode = pb.NetMode_HOST
	}
	if w.ctr, err = c.NewContainer(ctx, req); err != nil {
		return fmt.Errorf("make the container: %w", err)
	}
	_, err = w.ctr.Start(ctx, gateway.StartRequest{Args: []string{stepspec.Init, "hold"}, Env: w.env, Cwd: "/"})
	if err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	return nil
}

func (w *Workshop) mounts(ctx context.Context, e *Engine, c gateway.Client, kept Kept, source string) ([]gateway.Mount, error) {
	e.mu.Lock()
	states, err := w.states(e, kept, source)
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var out []gateway.Mount
	for _, s := range states {
		m := s.mount
		if s.state != nil {
			def, err := s.state.Marshal(ctx, llb.Platform(platform))
			if err != nil {
				return nil, fmt.Errorf("mount %s: %w", m.Dest, err)
			}
			res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
			if err != nil {
				return nil, fmt.Errorf("mount %s: %w", m.Dest, err)
			}
			if m.Ref, err = res.SingleRef(); err != nil {
				return nil, fmt.Errorf("mount %s: %w", m.Dest, err)
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// place is a mount and what it begins as; nil is empty.
type place struct {
	mount gateway.Mount
	state *llb.State
}

// recordMount is the place of the record's folder among the mounts.
const recordMount = 2

func (w *Workshop) states(e *Engine, kept Kept, source string) ([]place, error) {
	root, err := e.low.image(w.step.Image)
	if err != nil {
		return nil, err
	}
	init := e.low.blob(e.low.init.String(), "init", 0o755)
	out := []place{
		{gateway.Mount{Dest: "/"}, &root},
		{gateway.Mount{Dest: stepspec.Init, Selector: "/init", Readonly: true}, &init},
		{gateway.Mount{Dest: stepspec.Record}, nil},
	}
	for _, m := range w.step.Mounts {
		p := place{mount: gateway.Mount{Dest: m.Target, Readonly: !m.Writable}}
		if m.Target != source && m.Source.Kind != plan.SourceScratch {
			from, err := e.low.source(m)
			if err != nil {
				return nil, fmt.Errorf("mount %s: %w", m.Target, err)
			}
			p.state, p.mount.Selector = &from.state, from.path
		}
		if id, ok := kept[m.Target]; ok {
			p.mount.Readonly, p.mount.MountType = false, pb.MountType_CACHE
			p.mount.CacheOpt = &pb.CacheOpt{ID: id, Sharing: pb.CacheSharingOpt_SHARED}
		}
		out = append(out, p)
	}
	return out, nil
}

// Run brings the source folder up to date with what tree says, in the form of
// [initrec.SyncWriter], and runs a command there. Where [Workshop.Whole] says so,
// tree must be the whole tree, and else what differs from the last one. When ctx ends the command is ended.
// The exit code is the command's own.
func (w *Workshop) Run(ctx context.Context, source string, tree io.ReadCloser, command []string, stdout, stderr io.WriteCloser) (int, error) {
	args := []string{stepspec.Init, "sync", "--dir", source}
	if w.Whole() {
		args = append(args, "--whole")
	}
	args = append(args, "--", stepspec.Init, "run", "--spec", w.spec, "--")
	p, err := w.ctr.Start(context.WithoutCancel(ctx), gateway.StartRequest{Args: append(args, command...), Env: w.env, Cwd: w.step.Dir, Stdin: tree, Stdout: stdout, Stderr: stderr})
	if err != nil {
		return 0, fmt.Errorf("start the command: %w", explain(err))
	}
	over := make(chan error, 1)
	go func() { over <- p.Wait() }()
	w.whole = true // until it is known how far this one got
	select {
	case err = <-over:
	case <-ctx.Done():
		p.Signal(context.WithoutCancel(ctx), unix.SIGTERM) //nolint:errcheck // it may just have ended
		<-over                                             //nolint:errcheck // it was told to end
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("run the command: %w", explain(err))
	}
	text, err := w.ctr.ReadFile(ctx, gateway.ReadContainerRequest{MountIndex: recordMount, ReadRequest: gateway.ReadRequest{Filename: "/" + initrec.RecordFile}})
	if err != nil {
		return 0, fmt.Errorf("read how the command ended: %w", explain(err))
	}
	var record initrec.Record
	if err := json.Unmarshal(text, &record); err != nil {
		return 0, fmt.Errorf("read how the command ended: %w", err)
	}
	w.whole = false
	return record.ExitCode, nil
}

// Whole says that the next tree has to be a whole one: nothing is known of what
// the source folder holds.
func (w *Workshop) Whole() bool { return w.whole }
