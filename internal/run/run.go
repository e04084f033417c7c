// Package run schedules the steps of a graph on an engine: order, width,
// deadlines and cancellation, and it collects every failure of a run.
package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
)

// Runner runs one step. A step that says no is a Result; an error means that
// the runner could not do its work, and of the Result only Dir and Key count
// then. Run is called from several goroutines at once.
type Runner interface {
	Run(ctx context.Context, s plan.Step) (plan.Result, error)
}

// Options steers a run.
type Options struct {
	// Engine runs the container steps.
	Engine Runner
	// Runners are the in-process runners, by the name in Step.Runner.
	Runners map[string]Runner
	// Width is how many steps run at once; below one means one.
	Width int
	// Estimates are how long steps are likely to take, by ID. The steps that
	// begin the longest chains start first, see plan.LongestFirst.
	Estimates map[string]time.Duration
	// Started and Ended are told of each step, from the scheduler's own
	// goroutine, so they need no lock; both may be nil.
	Started func(s plan.Step)
	Ended   func(r plan.Result)
}

// Steps runs the graph and returns one result a step, in declaration order. A
// step that fails keeps what mounts its outputs from running, and nothing
// else; After only orders. When ctx ends, running steps are canceled and the
// others are not run. The error is for a graph that can't be ordered: all
// that happens to steps is in the results.
func Steps(ctx context.Context, g *plan.Graph, opts Options) ([]plan.Result, error) {
	order, err := plan.LongestFirst(g, opts.Estimates)
	if err != nil {
		return nil, err
	}
	s := newScheduler(g, order, opts)
	s.loop(ctx)
	results := make([]plan.Result, 0, len(order))
	for _, step := range g.Steps() {
		results = append(results, s.results[step.ID])
	}
	return results, nil
}

// scheduler is owned by the goroutine of Steps; only ended is shared with the
// goroutines of running steps. Steps are known by their place in the order.
type scheduler struct {
	opts  Options
	steps []plan.Step
	place map[string]int
	// waits counts what each step waits for, and next are those that wait for it.
	waits   []int
	next    [][]int
	free    []int                  // wait for nothing more, and were not looked at since
	ready   []int                  // sorted; may start as soon as there is room
	results map[string]plan.Result // by step ID, of those that are over
	ended   chan plan.Result
	running int
}

func newScheduler(g *plan.Graph, order []string, opts Options) *scheduler {
	if opts.Width < 1 {
		opts.Width = 1
	}
	s := &scheduler{opts: opts, place: make(map[string]int, len(order)), waits: make([]int, len(order)), next: make([][]int, len(order)),
		results: make(map[string]plan.Result, len(order)), ended: make(chan plan.Result)}
	byID := g.ByID()
	for i, id := range order {
		s.steps = append(s.steps, byID[id])
		s.place[id] = i
		before := byID[id].Before()
		s.waits[i] = len(before)
		for _, other := range before { // stands earlier in the order
			j := s.place[other]
			s.next[j] = append(s.next[j], i)
		}
		if len(before) == 0 {
			s.free = append(s.free, i)
		}
	}
	return s
}

func (s *scheduler) loop(ctx context.Context) {
	for {
		s.startReady(ctx)
		if s.running == 0 {
			if len(s.results) < len(s.steps) {
				// Order has proved that there is no cycle, so something is
				// always ready while nothing runs.
				panic("run: no step is ready and none is running")
			}
			return
		}
		r := <-s.ended
		s.running--
		s.record(r)
	}
}

// startReady starts or settles every step that may go now, the first in the
// order before the others. Without room the rest waits, unless the run is over.
func (s *scheduler) startReady(ctx context.Context) {
	for {
		for len(s.free) > 0 {
			i := s.free[0]
			s.free = s.free[1:]
			if r, settled := s.settle(ctx, s.steps[i]); settled {
				s.record(r)
			} else {
				at, _ := slices.BinarySearch(s.ready, i)
				s.ready = slices.Insert(s.ready, at, i)
			}
		}
		if len(s.ready) == 0 || s.running >= s.opts.Width && ctx.Err() == nil {
			return
		}
		i := s.ready[0]
		s.ready = s.ready[1:]
		if r, settled := s.settle(ctx, s.steps[i]); settled {
			s.record(r)
		} else {
			s.start(ctx, s.steps[i])
		}
	}
}

// settle returns the result of a step that does not run.
func (s *scheduler) settle(ctx context.Context, step plan.Step) (plan.Result, bool) {
	now := time.Now()
	r := plan.Result{Step: step.ID, Stage: step.Stage, Name: step.Name, Range: step.Range, Started: now, Ended: now}
	if step.Skipped != "" {
		r.Status, r.Reason = plan.StatusSkipped, step.Skipped
		return r, true
	}
	for _, id := range step.Inputs() {
		if !s.results[id].Status.OK() {
			r.Status, r.Reason = plan.StatusNotRun, fmt.Sprintf("step %s, whose output it mounts, %s", id, ended(s.results[id].Status))
			return r, true
		}
	}
	if ctx.Err() != nil {
		r.Status, r.Reason = plan.StatusNotRun, context.Cause(ctx).Error()
		return r, true
	}
	return r, false
}

// ended puts a status that is not a pass into a sentence.
func ended(s plan.Status) string {
	switch s {
	case plan.StatusFailed:
		return "failed"
	case plan.StatusTimedOut:
		return "timed out"
	case plan.StatusCanceled:
		return "was canceled"
	case plan.StatusSkipped:
		return "was skipped"
	case plan.StatusError:
		return "could not be run"
	default:
		return "was not run"
	}
}

func (s *scheduler) start(ctx context.Context, step plan.Step) {
	s.running++
	if s.opts.Started != nil {
		s.opts.Started(step)
	}
	go func() {
		s.ended <- s.run(ctx, step)
	}()
}

func (s *scheduler) run(ctx context.Context, step plan.Step) plan.Result {
	started := time.Now()
	r, err := s.call(ctx, step)
	if err == nil && r.Status == "" {
		err = errors.New("its runner gave no status")
	}
	if err != nil {
		status := plan.StatusError
		if ctx.Err() != nil {
			status, err = plan.StatusCanceled, context.Cause(ctx)
		}
		r = plan.Result{Status: status, Reason: err.Error(), Dir: r.Dir, Key: r.Key, Started: started, Ended: time.Now()}
	}
	// Whose result this is, is the scheduler's to say: a step without one
	// would be waited for without end.
	r.Step, r.Stage, r.Name, r.Range = step.ID, step.Stage, step.Name, step.Range
	return r
}

func (s *scheduler) call(ctx context.Context, step plan.Step) (plan.Result, error) {
	if step.Runner == "" {
		if s.opts.Engine == nil {
			return plan.Result{}, errors.New("there is no engine to run it on")
		}
		return s.opts.Engine.Run(ctx, step)
	}
	runner, ok := s.opts.Runners[step.Runner]
	if !ok {
		return plan.Result{}, fmt.Errorf("there is no runner called %q", step.Runner)
	}
	return runner.Run(ctx, step)
}

func (s *scheduler) record(r plan.Result) {
	s.results[r.Step] = r
	for _, i := range s.next[s.place[r.Step]] {
		if s.waits[i]--; s.waits[i] == 0 {
			s.free = append(s.free, i)
		}
	}
	if s.opts.Ended != nil {
		s.opts.Ended(r)
	}
}
