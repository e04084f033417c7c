package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	contentlocal "github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// Options says what an engine works with.
type Options struct {
	// Engine names the BuildKit and its version: only what it left itself counts
	// as its results.
	Engine string
	// Client reaches BuildKit; StartEmbedded or Dial make one.
	Client *client.Client
	// Graph is what will run. It must have passed plan.Check with Caps.
	Graph *plan.Graph
	// Blobs is a folder with blobs/sha256/… that holds every blob that the
	// graph names, and sixty-init.
	Blobs string
	// Init is the digest of sixty-init in Blobs.
	Init string
	// Results is the folder where each step's record is left, one folder a
	// step key.
	Results string
	// Keys are the graph's keys, for the folders' names.
	Keys map[string]plan.Key
	// Secrets gives the value of a secret, by id, when a step that mounts it
	// runs; nil means that there are none. It is called from several goroutines
	// at once.
	Secrets func(ctx context.Context, id string) ([]byte, error)
	// Fetched gives the digest of a blob in Blobs that is a tar of files, each
	// under its name and by its checksum. It is called before a step that mounts
	// them, or something made from them, for the first time. fs.ErrNotExist says
	// that there is none.
	Fetched func(ctx context.Context, files []plan.Fetch) (string, error)
	// Log receives what steps print while they run; may be nil. It is called
	// from one goroutine per running step.
	Log func(step string, stderr bool, data []byte)
}

// Engine runs the steps of one graph on BuildKit.
type Engine struct {
	opts   Options
	stores map[string]content.Store
	mu     sync.Mutex // guards low, whose map grows as steps are lowered
	low    lowering
	// folders are the locks of results folders, see writing.
	folders sync.Map
}

// Caps is what BuildKit can keep: all of it.
func Caps() plan.Caps {
	return plan.Caps{
		Name:     "BuildKit",
		Networks: []plan.Network{plan.NetworkNone, plan.NetworkHost},
		Sources: []plan.SourceKind{plan.SourceBlob, plan.SourceFetch, plan.SourceOutput,
			plan.SourceEarlier, plan.SourceCache, plan.SourceSecret, plan.SourceScratch},
		Layouts:    true,
		Services:   true,
		Conditions: true,
	}
}

// New returns an engine for one graph.
func New(opts Options) (*Engine, error) {
	stores := map[string]content.Store{}
	blobs, err := contentlocal.NewStore(opts.Blobs)
	if err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	stores[blobStore] = blobs
	for _, image := range opts.Graph.Images {
		if image.Layout == "" {
			continue
		}
		store, err := contentlocal.NewStore(image.Layout)
		if err != nil {
			return nil, fmt.Errorf("open image %q: %w", image.Name, err)
		}
		stores[layoutStore+image.Name] = store
	}
	planned := opts.Graph.ByID()
	for _, s := range opts.Graph.Earlier() {
		planned[s.ID] = s
	}
	return &Engine{
		opts:   opts,
		stores: stores,
		low:    lowering{graph: opts.Graph, planned: planned, init: digest.Digest(opts.Init), steps: map[string]lowered{}, fetched: map[string]string{}},
	}, nil
}

// Run solves one step. A step that says no is a Result, not an error; an error
// means that the engine itself could not do its work. The results of the steps
// that s mounts are taken from the engine's cache.
func (e *Engine) Run(ctx context.Context, s plan.Step) (plan.Result, error) {
	res := newResult(e.opts, s)
	if err := e.collect(ctx, s, map[string]bool{}); err != nil {
		if ctx.Err() != nil {
			res.Status, res.Reason, res.Ended = plan.StatusCanceled, context.Cause(ctx).Error(), time.Now()
			return res, nil //nolint:nilerr // the result says it
		}
		return res, err
	}
	def, volumes, err := e.marshal(ctx, s)
	if err != nil {
		return res, err
	}
	dir := resultsDir(e.opts, s)
	run := &solve{engine: e, step: s, names: e.twins(s), def: def, volumes: volumes, dir: dir}
	if run.heads, err = heads(def, volumes); err != nil {
		return res, err
	}
	err = run.do(ctx)
	if err == nil {
		markUsed(dir)
	}
	res.Ended = time.Now()
	res.Cached = run.cached
	res.Dir = dir
	switch {
	case err == nil:
		res.Status = plan.StatusPassed
	case ctx.Err() != nil:
		res.Status = plan.StatusCanceled
		res.Reason = context.Cause(ctx).Error()
	case run.failed:
		res.Status = plan.StatusFailed
	default:
		err = explain(err)
		res.Status, res.Reason = plan.StatusError, err.Error()
		return res, err
	}
	if res.Status == plan.StatusCanceled {
		return res, nil
	}
	if incomplete := complete(&res, s, dir); incomplete != nil {
		if err != nil { // as when a secret can't be had: the command never started
			incomplete = explain(err)
		}
		return res, incomplete
	}
	return res, nil
}

// collect has the downloads ready that a step, or one that it is made from,
// mounts.
func (e *Engine) collect(ctx context.Context, s plan.Step, seen map[string]bool) error {
	seen[s.ID] = true
	for _, m := range s.Mounts {
		switch src := m.Source; src.Kind {
		case plan.SourceOutput, plan.SourceEarlier:
			from, ok := e.low.planned[src.Step]
			if !ok || seen[src.Step] {
				continue
			}
			if err := e.collect(ctx, from, seen); err != nil {
				return err
			}
		case plan.SourceFetch:
			if err := e.fetched(ctx, src.Files); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) fetched(ctx context.Context, files []plan.Fetch) error {
	key := plan.FetchKey(files)
	e.mu.Lock()
	_, known := e.low.fetched[key]
	e.mu.Unlock()
	if known {
		return nil
	}
	if e.opts.Fetched == nil {
		return errors.New("downloads can't be had here")
	}
	dgst, err := e.opts.Fetched(ctx, files)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.low.fetched[key] = dgst
	return nil
}

// explain says what to do about the errors that have nothing to do with the
// step.
func explain(err error) error {
	text := strings.TrimPrefix(err.Error(), "failed to solve: ")
	if strings.Contains(text, "no space left on device") {
		return fmt.Errorf("the disk is full: free some space, or put the cache elsewhere with --cache-dir (%s)", text)
	}
	if grpcstatus.Code(err) == codes.Unavailable {
		return fmt.Errorf("the engine is gone: it has ended or can't be reached any more; what was finished is cached, run the same command again (%s)", text)
	}
	return errors.New(text)
}

// complete fills in what sixty-init recorded.
func complete(res *plan.Result, step plan.Step, dir string) error {
	rec, err := initrec.Read(filepath.Join(dir, initrec.RecordFile))
	if err != nil {
		return fmt.Errorf("step %q ended without a record: %w", res.Step, err)
	}
	stepspec.Complete(res, step, rec)
	return nil
}

// marshal gives the definition of the step's record and of each of its
// volumes.
func (e *Engine) marshal(ctx context.Context, s plan.Step) (record *llb.Definition, volumes []*llb.Definition, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	low, err := e.low.step(s)
	if err != nil {
		return nil, nil, err
	}
	states := []llb.State{low.record}
	for _, o := range s.Outputs {
		if v, ok := low.volumes[o.Name]; ok {
			states = append(states, v.state)
		}
	}
	var defs []*llb.Definition
	for _, st := range states {
		def, err := st.Marshal(ctx, llb.Platform(platform))
		if err != nil {
			return nil, nil, fmt.Errorf("marshal step %q: %w", s.ID, err)
		}
		defs = append(defs, def)
	}
	return defs[0], defs[1:], nil
}

func (e *Engine) solveOpt() client.SolveOpt {
	return client.SolveOpt{
		OCIStores: e.stores,
		Session: []session.Attachable{
			secretsprovider.NewSecretProvider(secretStore(e.opts.Secrets)),
			authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{}),
		},
		Internal: true,
	}
}

// secretStore is Options.Secrets as BuildKit asks for it.
type secretStore func(ctx context.Context, id string) ([]byte, error)

func (s secretStore) GetSecret(ctx context.Context, id string) ([]byte, error) {
	if s == nil {
		return nil, secrets.ErrNotFound
	}
	return s(ctx, id)
}

// solve is one solve of one step.
type solve struct {
	engine *Engine
	step   plan.Step
	// names are what the engine may call the step's vertex.
	names map[string]bool
	def   *llb.Definition
	// volumes are the definitions of the outputs that are mounts of their own.
	volumes []*llb.Definition
	heads   []digest.Digest
	dir     string
	cached  bool
	failed  bool // the command ran and ended with a code other than zero
}

func (s *solve) do(ctx context.Context) error {
	status := make(chan *client.SolveStatus)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(status)
	}()
	var record []byte
	_, err := s.engine.opts.Client.Build(ctx, s.engine.solveOpt(), "sixty", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := c.Solve(ctx, gateway.SolveRequest{Definition: s.def.ToPB(), Evaluate: true})
		if err != nil {
			return nil, s.salvage(ctx, c, err)
		}
		// BuildKit keeps of a command only the outputs that somebody asked
		// for; asked for later, a volume would run its command again.
		for _, volume := range s.volumes {
			if _, err := c.Solve(ctx, gateway.SolveRequest{Definition: volume.ToPB(), Evaluate: true}); err != nil {
				return nil, fmt.Errorf("keep a volume: %w", err)
			}
		}
		ref, err := res.SingleRef()
		if err != nil {
			return nil, err
		}
		record, err = ref.ReadFile(ctx, gateway.ReadRequest{Filename: initrec.RecordFile})
		if err != nil {
			return nil, fmt.Errorf("read the record: %w", err)
		}
		return gateway.NewResult(), nil
	}, status)
	<-watched
	if err != nil {
		return err
	}
	folder := s.engine.writing(s.dir)
	folder.Lock()
	defer folder.Unlock()
	if s.fresh(record) {
		return nil
	}
	return s.export(ctx)
}

// fresh reports whether the results folder holds what a record is of.
func (s *solve) fresh(record []byte) bool {
	return sameFile(filepath.Join(s.dir, initrec.RecordFile), record) && checkSeal(s.dir, s.engine.opts.Engine, s.heads) == nil
}

// ProvenanceFile is the engine's own provenance in the results folder of a step
// that passed: SLSA provenance v1 about each file there. The engine writes it
// last, over whatever the step may have left under that name.
const ProvenanceFile = "provenance.json"

// export copies the step's record folder to the host. The step itself is
// answered from the cache here.
func (s *solve) export(ctx context.Context) error {
	tmp, err := freshDir(s.dir)
	if err != nil {
		return err
	}
	opt := s.engine.solveOpt()
	opt.FrontendAttrs = map[string]string{"attest:provenance": "mode=min,version=v1"}
	opt.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: tmp}}
	if _, err := s.engine.opts.Client.Solve(ctx, s.def, opt, nil); err != nil {
		os.RemoveAll(tmp)
		return fmt.Errorf("export the step's outputs: %w", err)
	}
	if err := replaceDir(tmp, s.dir); err != nil {
		return err
	}
	return writeSeal(s.dir, s.engine.opts.Engine, s.heads)
}

// salvage reads the record folder of a step whose command failed: the engine
// keeps a failed step's mounts for as long as the build lasts.
func (s *solve) salvage(ctx context.Context, c gateway.Client, cause error) error {
	var failure *errdefs.SolveError
	if !errors.As(cause, &failure) || failure.Solve == nil || len(failure.Solve.MountIDs) == 0 {
		return cause
	}
	op := failure.Solve.Op.GetExec()
	if op == nil || !s.names[failure.Solve.Description["llb.customname"]] {
		return cause
	}
	index := -1
	for i, m := range op.Mounts {
		if m.Dest == stepspec.Record {
			index = i
		}
	}
	if index < 0 || index >= len(failure.Solve.MountIDs) {
		return cause
	}
	ctr, err := c.NewContainer(ctx, gateway.NewContainerRequest{
		Mounts: []gateway.Mount{{Dest: "/", ResultID: failure.Solve.MountIDs[index], MountType: op.Mounts[index].MountType, Readonly: true}},
	})
	if err != nil {
		return errors.Join(cause, fmt.Errorf("open the failed step's outputs: %w", err))
	}
	defer ctr.Release(context.WithoutCancel(ctx)) //nolint:errcheck // the build ends right after
	tmp, err := freshDir(s.dir)
	if err != nil {
		return errors.Join(cause, err)
	}
	if err := copyOut(ctx, ctr, tmp); err != nil {
		os.RemoveAll(tmp)
		return errors.Join(cause, fmt.Errorf("copy the failed step's outputs: %w", err))
	}
	folder := s.engine.writing(s.dir)
	folder.Lock()
	defer folder.Unlock()
	if err := removeSeal(s.dir); err != nil {
		return errors.Join(cause, err)
	}
	if err := replaceDir(tmp, s.dir); err != nil {
		return errors.Join(cause, err)
	}
	s.failed = true
	return cause
}

// watch follows the status stream until it closes.
func (s *solve) watch(status <-chan *client.SolveStatus) {
	var own digest.Digest
	for st := range status {
		for _, v := range st.Vertexes {
			if s.names[v.Name] {
				own = v.Digest
				s.cached = v.Cached
			}
		}
		if s.engine.opts.Log == nil {
			continue
		}
		for _, l := range st.Logs {
			if l.Vertex == own {
				s.engine.opts.Log(s.step.ID, l.Stream == 2, l.Data)
			}
		}
	}
}

var _ io.Closer = (*Embedded)(nil)
