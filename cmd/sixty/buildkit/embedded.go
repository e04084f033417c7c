//go:build linux

package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"

	ctdsnapshot "github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/frontend"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/db"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/disk"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/util/network/netproviders"
	"github.com/moby/buildkit/util/resolver"
	"github.com/moby/buildkit/version"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	"github.com/moby/buildkit/worker/runc"
	"github.com/sirupsen/logrus"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// pipeBuffer is the size in bytes of the in-memory connection between the
// client and the embedded controller.
const pipeBuffer = 1 << 20

// EmbeddedOptions says where the embedded engine keeps its state.
type EmbeddedOptions struct {
	// Root is the state folder; made absolute here.
	Root string
	// Waiting is called once when another process holds the state, with the
	// holder's process id when it is known.
	Waiting func(holder string)
	// MaxCacheBytes bounds the cache on disk; zero lets BuildKit choose a
	// share of the disk.
	MaxCacheBytes int64
	// Frontends are those that clients may name in a solve; sixty names none.
	Frontends map[string]gateway.BuildFunc
}

// Embedded is a BuildKit inside this process. It owns its state folder until it
// is closed.
type Embedded struct {
	controller *control.Controller
	durable    *durable
	closers    []io.Closer
}

// Start starts BuildKit inside this process with runc as its runtime and
// overlayfs for its snapshots. It needs root and runc. One process at a time
// owns a state folder: a second one waits until ctx ends, and one that has it open
// already is refused. While an engine is open, $TMPDIR lies in its state folder.
func Start(ctx context.Context, opts EmbeddedOptions) (*Embedded, error) {
	root, err := filepath.Abs(opts.Root)
	if err != nil {
		return nil, fmt.Errorf("engine state folder: %w", err)
	}
	if err := Preflight(root); err != nil {
		return nil, err
	}
	lock, err := acquire(ctx, root, opts.Waiting)
	if err != nil {
		return nil, err
	}
	e := &Embedded{closers: []io.Closer{lock}}
	quiet, err := logToFile(filepath.Join(root, LogFile))
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.closers = append(e.closers, quiet)
	// Last before the lock is released: a canceled step's container ends a
	// moment after its client, and must not outlive this process.
	e.onClose(func() error { return settle(root) }) //nolint:contextcheck // what ends the run must not end the cleaning up
	if err := sweep(ctx, root); err != nil {
		return nil, errors.Join(fmt.Errorf("clean up after an interrupted engine in %s: %w", root, err), e.Close())
	}
	if e.durable, err = trusted(root, thisBoot()); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	temporary, err := keepTemporary(root)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.closers = append(e.closers, temporary)
	if err := e.start(ctx, root, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded engine in %s: %w", root, err), e.Close())
	}
	return e, nil
}

// Begin is to be called when a run comes after a time without: until [Embedded.Settle]
// nobody waits for the disk.
func (e *Embedded) Begin() error { return e.durable.begin() }

// Settle brings the engine's state to the disk, when no run is left. Without it,
// and without Close, the next engine throws the state away if the machine goes
// down.
func (e *Embedded) Settle() error { return e.durable.settle(true) }

// StartEmbedded is [Start] with a client of the engine, connected in memory.
// Close the returned closer to stop the engine.
func StartEmbedded(ctx context.Context, opts EmbeddedOptions) (*client.Client, io.Closer, error) {
	e, err := Start(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	err = e.Begin()
	var c *client.Client
	if err == nil {
		c, err = e.connect(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("connect to the embedded engine: %w", err), e.Close())
	}
	return c, e, nil
}

// LogFile is the engine's own log, in its state folder.
const LogFile = "engine.log"

// Preflight names what the machine lacks in words, before BuildKit fails in its
// own, and makes the state folder. The error is a [SetupError] where something
// has to be installed or set up.
func Preflight(root string) error {
	if os.Geteuid() != 0 {
		return &SetupError{Missing: "root", Fix: "run sixty as root (sudo), or use a remote engine: --engine tcp://HOST:PORT"}
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return &SetupError{Missing: "runc", Fix: "install it (Debian: apt-get install runc), or use a remote engine: --engine tcp://HOST:PORT"}
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return fmt.Errorf("make the engine's state folder: %w", err)
	}
	if err := overlayutils.Supported(root); err != nil {
		return &SetupError{Missing: "overlayfs on " + root, Fix: "put the state on ext4, xfs or tmpfs with --cache-dir DIR", Cause: err}
	}
	return nil
}

// SetupError is something that the machine lacks and how to get it.
type SetupError struct {
	Missing string
	Fix     string
	Cause   error
}

func (e *SetupError) Error() string {
	msg := "the embedded engine needs " + e.Missing
	if e.Cause != nil {
		msg += " (" + e.Cause.Error() + ")"
	}
	return msg + "; " + e.Fix
}

func (e *SetupError) Unwrap() error { return e.Cause }

// Close stops the engine and releases its state; the closers run in the
// reverse of the order in which they were added.
func (e *Embedded) Close() error {
	var first error
	for i := len(e.closers) - 1; i >= 0; i-- {
		if err := e.closers[i].Close(); err != nil && first == nil {
			first = err
		}
	}
	e.closers = nil
	return first
}

func (e *Embedded) onClose(f func() error) { e.closers = append(e.closers, closerFunc(f)) }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

func (e *Embedded) start(ctx context.Context, root string, opts EmbeddedOptions) error {
	w, err := e.newWorker(ctx, root, opts.MaxCacheBytes)
	if err != nil {
		return err
	}
	workers := &worker.Controller{}
	if err := workers.Add(w); err != nil {
		return err
	}
	sessions, err := session.NewManager()
	if err != nil {
		return err
	}
	cache, err := bboltcachestorage.NewStore(filepath.Join(root, "cache.db"))
	if err != nil {
		return err
	}
	history, err := boltutil.SafeOpen(filepath.Join(root, "history.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		return err
	}
	frontends := map[string]frontend.Frontend{}
	for name, build := range opts.Frontends {
		frontends[name] = forwarder.NewGatewayForwarder(workers.Infos(), build)
	}
	controller, err := control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Frontends:        frontends,
		CacheManager:     solver.NewCacheManager(context.WithoutCancel(ctx), "local", cache, worker.NewCacheResultStorage(workers)),
		HistoryDB:        history,
		CacheStore:       cache,
		LeaseManager:     w.LeaseManager(),
		ContentStore:     w.ContentStore(),
		HistoryConfig:    &config.HistoryConfig{MaxEntries: new(int64)},
		GarbageCollect:   w.GarbageCollect,
	})
	if err != nil {
		return errors.Join(err, workers.Close())
	}
	e.controller = controller
	e.onClose(controller.Close) // closes the workers too
	// As far as before there was a mark: steps' own files are the kernel's to write.
	e.onClose(func() error { return e.durable.settle(false) })
	return nil
}

// Server returns a gRPC server that has BuildKit's services. Whoever serves it
// stops it before the engine is closed.
func (e *Embedded) Server() *grpc.Server {
	// The interceptors carry typed errors over the connection: a failed step's
	// exit code and mounts travel in them.
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.UnaryInterceptor(grpcerrors.UnaryServerInterceptor), grpc.StreamInterceptor(grpcerrors.StreamServerInterceptor))
	e.controller.Register(server)
	return server
}

func (e *Embedded) connect(ctx context.Context) (*client.Client, error) {
	listener := bufconn.Listen(pipeBuffer)
	server := e.Server()
	go server.Serve(listener) //nolint:errcheck // ends with Stop
	c, err := client.New(ctx, "passthrough:///embedded",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		client.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		server.Stop()
		return nil, err
	}
	e.onClose(func() error { server.Stop(); return nil })
	e.onClose(c.Close)
	return c, nil
}

// maxMessage bounds a gRPC message in bytes, as buildkitd's own default does.
const maxMessage = 16 << 20

func (e *Embedded) newWorker(ctx context.Context, root string, maxCache int64) (*base.Worker, error) {
	factory := runc.SnapshotterFactory{Name: "overlayfs", New: func(root string) (ctdsnapshot.Snapshotter, error) {
		s, err := openSnapshots(ctx, root)
		if err == nil {
			// The worker leaves it open, and its database locked.
			e.onClose(s.Close)
		}
		return s, err
	}}
	// Of all runs together, no more steps than processors that may be used.
	parallel := semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))
	opt, err := runc.NewWorkerOpt(root, factory, false, oci.ProcessSandbox, nil, nil,
		netproviders.Opt{Mode: "host"}, nil, "", "", false, parallel, "", "", nil)
	if err != nil {
		return nil, err
	}
	opt.BuildkitVersion = client.BuildkitVersion{Package: version.Package, Version: version.Version, Revision: version.Revision}
	opt.Executor = procExecutor{opt.Executor}
	content, ok := opt.ContentMetadata.(db.Transactor)
	if !ok {
		return nil, fmt.Errorf("BuildKit keeps its metadata in a %T, which is no database", opt.ContentMetadata)
	}
	e.durable.databases = []db.Transactor{content, opt.MetadataStore.DB()}
	opt.RegistryHosts = resolver.NewRegistryConfig(nil)
	if opt.GCPolicy, err = gcPolicy(root, maxCache); err != nil {
		return nil, err
	}
	return base.NewWorker(context.WithoutCancel(ctx), opt)
}

// openSnapshots opens the folders of layers and removes those that no snapshot
// in its database has. An engine that was killed after it gave a folder its
// number and before it wrote so leaves one, and the next snapshot, which gets
// the same number, could not be made.
func openSnapshots(ctx context.Context, root string) (ctdsnapshot.Snapshotter, error) {
	s, err := overlay.NewSnapshotter(root, overlay.AsynchronousRemove)
	if err != nil {
		return nil, err
	}
	c, ok := s.(ctdsnapshot.Cleaner)
	if !ok {
		return s, nil
	}
	err = c.Cleanup(ctx)
	if errdefs.IsNotFound(err) { // no snapshot was ever made, so no folder is one
		folders, _ := filepath.Glob(filepath.Join(root, "snapshots", "*")) // the pattern is sound
		err = nil
		for _, folder := range folders {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("removing layers that a killed engine left: %w", err), s.Close())
	}
	return s, nil
}

// gcPolicy is BuildKit's own default; without one nothing is ever collected.
func gcPolicy(root string, maxCache int64) ([]client.PruneInfo, error) {
	stat, err := disk.GetDiskStat(root)
	if err != nil {
		return nil, fmt.Errorf("size of the disk under %s: %w", root, err)
	}
	var cfg config.GCConfig
	if maxCache > 0 {
		cfg.GCMaxUsedSpace = config.DiskSpace{Bytes: maxCache}
	}
	var out []client.PruneInfo
	for _, p := range config.DefaultGCPolicy(cfg, stat) {
		out = append(out, client.PruneInfo{
			Filter:        p.Filters,
			All:           p.All,
			KeepDuration:  p.KeepDuration.Duration,
			ReservedSpace: p.ReservedSpace.AsBytes(stat),
			MaxUsedSpace:  p.MaxUsedSpace.AsBytes(stat),
			MinFreeSpace:  p.MinFreeSpace.AsBytes(stat),
		})
	}
	return out, nil
}

// logToFile sends the log of BuildKit and containerd, which use logrus'
// standard logger, to a file: on the terminal it would mean nothing to a user.
func logToFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the engine's log: %w", err)
	}
	logrus.SetOutput(f)
	logrus.SetLevel(logrus.WarnLevel)
	return closerFunc(func() error {
		logrus.SetOutput(io.Discard)
		return f.Close()
	}), nil
}

// EmbeddedName names the embedded engine and its version.
func EmbeddedName() string { return "BuildKit " + moduleVersion() + ", embedded" }

// moduleVersion is the version of the BuildKit module that was linked.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/moby/buildkit" {
				return m.Version
			}
		}
	}
	return version.Version
}
