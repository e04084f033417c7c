//go:build linux

package buildkit

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/buildkit/client"

	"github.com/sixtyhq/sixty/cmd/sixty/crates"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// bench holds one engine for all tests of the package: starting one is cheap,
// and a shared one is what a user has.
type bench struct {
	client *client.Client
	blobs  *blob.Store
	init   string
	image  plan.Image
	dir    string
}

var shared = sync.OnceValues(newBench)

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "sixty-engine-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir}
	if b.blobs, err = blob.Open(filepath.Join(dir, "blobs")); err != nil {
		return nil, err
	}
	initProgram, err := build(filepath.Join(dir, "sixty-init"), "../../..", "./cmd/sixty-init")
	if err != nil {
		return nil, err
	}
	put, err := b.blobs.PutBytes(initProgram)
	if err != nil {
		return nil, err
	}
	b.init = put.Digest
	if b.image, err = testImage(dir); err != nil {
		return nil, err
	}
	b.client, _, err = StartEmbedded(context.Background(), EmbeddedOptions{Root: filepath.Join(dir, "state")})
	return b, err
}

func build(out, dir, pkg string) ([]byte, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return os.ReadFile(out)
}

func testImage(dir string) (plan.Image, error) {
	program, err := build(filepath.Join(dir, "teststep"), ".", "./testdata/teststep")
	if err != nil {
		return plan.Image{}, err
	}
	var rootfs bytes.Buffer
	tw := tar.NewWriter(&rootfs)
	for _, d := range []string{"bin/", "tmp/", "etc/", "proc/", "sys/", "dev/"} {
		if err := tw.WriteHeader(&tar.Header{Name: d, Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			return plan.Image{}, err
		}
	}
	if err := tw.WriteHeader(&tar.Header{Name: "bin/teststep", Mode: 0o755, Size: int64(len(program))}); err != nil {
		return plan.Image{}, err
	}
	if _, err := tw.Write(program); err != nil {
		return plan.Image{}, err
	}
	if err := tw.Close(); err != nil {
		return plan.Image{}, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(rootfs.Bytes())), nil })
	if err != nil {
		return plan.Image{}, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return plan.Image{}, err
	}
	where := filepath.Join(dir, "image")
	l, err := layout.Write(where, empty.Index)
	if err != nil {
		return plan.Image{}, err
	}
	if err := l.AppendImage(img); err != nil {
		return plan.Image{}, err
	}
	digest, err := img.Digest()
	if err != nil {
		return plan.Image{}, err
	}
	return plan.Image{Name: "test", Digest: digest.String(), Layout: where, Env: []string{"PATH=/bin", "FROM_IMAGE=yes"}}, nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if b, err := shared(); err == nil {
		unmountUnder(b.dir) // best effort after the tests
		os.RemoveAll(b.dir)
	}
	os.Exit(code)
}

// step is a container step with the defaults that a plan would give it.
func step(name string, command ...string) plan.Step {
	return plan.Step{ID: "t." + name, Stage: "t", Name: name, Image: "test", Command: append([]string{"/bin/teststep"}, command...),
		Dir: "/", Network: plan.NetworkNone}
}

// engine returns an engine for a graph of steps, with results in a fresh
// folder.
func engine(t *testing.T, opts Options, steps ...plan.Step) *Engine {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	g := &plan.Graph{Images: []plan.Image{b.image}, Stages: []plan.Stage{{Name: "t", Steps: steps}}}
	if refusals := plan.Check(g, Caps()); len(refusals) > 0 {
		t.Fatal(refusals)
	}
	keys, err := plan.Keys(g, b.init)
	if err != nil {
		t.Fatal(err)
	}
	opts.Client, opts.Graph, opts.Blobs, opts.Init, opts.Keys = b.client, g, b.blobs.Dir(), b.init, keys
	opts.Fetched = func(ctx context.Context, files []plan.Fetch) (string, error) {
		return crates.Collect(ctx, b.blobs, files)
	}
	if opts.Results == "" {
		opts.Results = t.TempDir()
	}
	e, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func run(t *testing.T, e *Engine, s plan.Step) plan.Result {
	t.Helper()
	r, err := e.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func left(t *testing.T, r plan.Result, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStepPassesAndIsCached(t *testing.T) {
	s := step("say", "say", "hello "+t.Name())
	var mu sync.Mutex
	var streamed bytes.Buffer
	results := t.TempDir()
	e := engine(t, Options{Results: results, Log: func(_ string, stderr bool, data []byte) {
		mu.Lock()
		defer mu.Unlock()
		if !stderr {
			streamed.Write(data)
		}
	}}, s)
	r := run(t, e, s)
	if r.Status != plan.StatusPassed || r.Cached || *r.ExitCode != 0 {
		t.Fatalf("first run: %+v", r)
	}
	if got := left(t, r, "stdout"); got != "hello "+t.Name()+"\n" {
		t.Errorf("stdout: %q", got)
	}
	if got := left(t, r, "stderr"); got != "and on the other stream\n" {
		t.Errorf("stderr: %q", got)
	}
	if got := streamed.String(); got != "hello "+t.Name()+"\n" {
		t.Errorf("streamed: %q", got)
	}
	if r.Record == nil || !*r.Record.LoopbackOnly || r.Record.PeakRSS == 0 {
		t.Errorf("record: %+v", r.Record)
	}
	again := run(t, engine(t, Options{Results: results}, s), s)
	if again.Status != plan.StatusPassed || !again.Cached {
		t.Errorf("second run: %+v", again)
	}
	// A lost results folder is made again from the cache.
	lost := run(t, engine(t, Options{}, s), s)
	if !lost.Cached || left(t, lost, "stdout") != left(t, r, "stdout") {
		t.Errorf("after the results are lost: %+v", lost)
	}
}

func TestFailureKeepsOutputsAndIsNeverCached(t *testing.T) {
	s := step("fail", "write", "/made/sub/file", "kept", "7")
	s.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
	e := engine(t, Options{}, s)
	for i := range 2 {
		r := run(t, e, s)
		if r.Status != plan.StatusFailed || *r.ExitCode != 7 || r.Cached {
			t.Fatalf("run %d: %+v", i, r)
		}
		if got := left(t, r, "outputs/made/sub/file"); got != "kept" {
			t.Errorf("output: %q", got)
		}
	}
}

func TestOutputsFeedSteps(t *testing.T) {
	make := step("make", "write", "/made/file", "from make")
	make.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
	volume := step("volume", "write", "/vol/file", " from volume")
	volume.Outputs = []plan.Output{{Name: "vol", Path: "/vol", Volume: true}}
	use := step("use", "append", "/v/file", "!")
	use.Mounts = []plan.Mount{
		{Target: "/m", Source: plan.Source{Kind: plan.SourceOutput, Step: "t.make", Output: "made"}},
		{Target: "/v", Writable: true, Source: plan.Source{Kind: plan.SourceOutput, Step: "t.volume", Output: "vol"}},
	}
	again := step("again", "cat", "/m/file", "/v/file")
	again.Mounts = use.Mounts
	e := engine(t, Options{}, make, volume, use, again)
	// A volume is kept when its step has run, not when it is first mounted.
	first := run(t, e, volume)
	if second := run(t, e, volume); first.Cached || !second.Cached {
		t.Errorf("cached: first %v, second %v", first.Cached, second.Cached)
	}
	started := left(t, first, "record.json")
	run(t, e, use)
	if again := run(t, engine(t, Options{}, make, volume, use, again), volume); left(t, again, "record.json") != started {
		t.Error("mounting a volume ran its step again")
	}
	if got := left(t, run(t, e, use), "stdout"); got != " from volume!" {
		t.Errorf("use: %q", got)
	}
	// What another step wrote to its writable copy is gone.
	if got := left(t, run(t, e, again), "stdout"); got != "from make from volume" {
		t.Errorf("again: %q", got)
	}
}

func TestReadOnlyMount(t *testing.T) {
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := b.blobs.PutTree(fstest.MapFS{"dir/file": {Data: []byte("source\n")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mount := plan.Mount{Target: "/src", Source: plan.Source{Kind: plan.SourceBlob, Digest: tree.Digest, Path: tree.Path}}
	read := step("read", "cat", "/src/dir/file")
	read.Mounts = []plan.Mount{mount}
	write := step("write", "append", "/src/dir/file", "x")
	write.Mounts = []plan.Mount{mount}
	e := engine(t, Options{}, read, write)
	if got := left(t, run(t, e, read), "stdout"); got != "source\n" {
		t.Errorf("read: %q", got)
	}
	if r := run(t, e, write); r.Status != plan.StatusFailed || !strings.Contains(left(t, r, "stderr"), "read-only") {
		t.Errorf("write: %+v", r)
	}
}

func TestNetworkIsOff(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	out := step("out", "dial", host)
	self := step("self", "loopback")
	on := step("on", "dial", host)
	on.Network = plan.NetworkHost
	e := engine(t, Options{}, out, self, on)
	if r := run(t, e, out); r.Status != plan.StatusFailed {
		t.Errorf("a step reached the host's network: %+v", r)
	}
	if r := run(t, e, self); r.Status != plan.StatusPassed {
		t.Errorf("a step can't reach itself: %+v", r)
	}
	if r := run(t, e, on); r.Status != plan.StatusPassed || *r.Record.LoopbackOnly {
		t.Errorf("a step that asked for the network has none: %+v", r)
	}
}

func TestTimeoutEndsGrandchildren(t *testing.T) {
	s := step("slow", "spawn", "1h")
	s.Timeout = 300 * time.Millisecond
	r := run(t, engine(t, Options{}, s), s)
	if r.Status != plan.StatusTimedOut {
		t.Fatalf("%+v", r)
	}
	if out, _ := exec.Command("pgrep", "-f", "^/bin/teststep sleep 1h").Output(); len(out) > 0 {
		t.Errorf("a grandchild lives on: %s", out)
	}
}

func TestCancel(t *testing.T) {
	s := step("cancel", "sleep", "1h")
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	e := engine(t, Options{}, s)
	go func() {
		<-started
		time.Sleep(500 * time.Millisecond)
		cancel()
	}()
	close(started)
	r, err := e.Run(ctx, s)
	if err != nil || r.Status != plan.StatusCanceled {
		t.Fatalf("%+v, %v", r, err)
	}
	// The container ends a moment after its client.
	var out []byte
	for range 100 {
		if out, _ = exec.Command("pgrep", "-f", "^/bin/teststep sleep 1h").Output(); len(out) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("the step lives on: %s", out)
}

func TestPinnedDownloads(t *testing.T) {
	hits := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits++
		fmt.Fprint(w, "content of ", r.URL.Path)
	}))
	defer server.Close()
	const sum = "c6bc60ee6a4b7d7b6a4e6f6d3f8a1c9bb6a3b7b0a2ef0f9b3a4c1e8d7f5b2a90"
	good := step("fetch", "cat", "/f/a")
	good.Mounts = []plan.Mount{{Target: "/f", Source: plan.Source{Kind: plan.SourceFetch, Files: []plan.Fetch{{Name: "a", URL: server.URL + "/a", SHA256: sha("content of /a")}}}}}
	bad := step("bad", "cat", "/f/a")
	bad.Mounts = []plan.Mount{{Target: "/f", Source: plan.Source{Kind: plan.SourceFetch, Files: []plan.Fetch{{Name: "a", URL: server.URL + "/b", SHA256: sum}}}}}
	e := engine(t, Options{}, good, bad)
	if got := left(t, run(t, e, good), "stdout"); got != "content of /a" {
		t.Errorf("%q", got)
	}
	before := hits
	run(t, e, good)
	if hits != before {
		t.Errorf("a cached download went to the network again")
	}
	if _, err := e.Run(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "its SHA-256 is "+sha("content of /b")) {
		t.Errorf("a download with another checksum was taken: %v", err)
	}
}

func TestSecret(t *testing.T) {
	s := step("secret", "cat", "/run/secret")
	s.Mounts = []plan.Mount{{Target: "/run/secret", Source: plan.Source{Kind: plan.SourceSecret, Secret: "token"}}}
	e := engine(t, Options{Secrets: func(context.Context, string) ([]byte, error) { return []byte("s3cr3t"), nil }}, s)
	if got := left(t, run(t, e, s), "stdout"); got != "s3cr3t" {
		t.Errorf("%q", got)
	}
	missing := engine(t, Options{}, func() plan.Step { s.Env = []string{"X=1"}; return s }())
	if _, err := missing.Run(t.Context(), s); err == nil {
		t.Error("a step ran without its secret")
	}
}

// TestRegistryImage takes an image by digest from a registry, as docker.io's is
// taken where it answers.
func TestRegistryImage(t *testing.T) {
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New())
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/test/image"
	layoutPath, err := layout.FromPath(b.image.Layout)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := v1.NewHash(b.image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	img, err := layoutPath.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(repository + ":latest")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, img); err != nil {
		t.Fatal(err)
	}
	s := step("registry", "say", "from a registry")
	e := engine(t, Options{}, s)
	pulled := b.image
	pulled.Layout, pulled.Ref = "", repository+"@"+b.image.Digest
	e.opts.Graph.Images[0] = pulled
	if got := left(t, run(t, e, s), "stdout"); got != "from a registry\n" {
		t.Errorf("stdout: %q", got)
	}
	s.Command = append(s.Command, "again")
	e = engine(t, Options{}, s)
	pulled.Ref = repository + "@sha256:" + strings.Repeat("0", 64)
	e.opts.Graph.Images[0] = pulled
	if _, err := e.Run(t.Context(), s); err == nil {
		t.Error("an image that the registry does not have was taken")
	}
}

func TestEnvironment(t *testing.T) {
	image := step("image", "env", "FROM_IMAGE")
	own := step("own", "env", "FROM_IMAGE")
	own.Env = []string{"FROM_IMAGE=no"}
	e := engine(t, Options{}, image, own)
	if got := left(t, run(t, e, image), "stdout"); got != "yes\n" {
		t.Errorf("image's environment: %q", got)
	}
	if got := left(t, run(t, e, own), "stdout"); got != "no\n" {
		t.Errorf("step's environment: %q", got)
	}
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Steps with equal keys share a results folder, and are one vertex to the
// engine: each gets the whole result, whichever was first.
func TestEqualSteps(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		want    plan.Status
	}{
		"pass": {[]string{"write", "/made/file", t.Name()}, plan.StatusPassed},
		"fail": {[]string{"write", "/made/file", t.Name(), "7"}, plan.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var steps []plan.Step
			for i := range 6 {
				s := step(fmt.Sprintf("equal%d", i), c.command...)
				s.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
				steps = append(steps, s)
			}
			results := t.TempDir()
			e := engine(t, Options{Results: results}, steps...)
			var wg sync.WaitGroup
			for _, s := range steps {
				wg.Go(func() {
					r, err := e.Run(t.Context(), s)
					if err != nil || r.Status != c.want {
						t.Errorf("%s: %+v, %v", s.ID, r, err)
						return
					}
					if b, err := os.ReadFile(filepath.Join(r.Dir, "outputs/made/file")); err != nil || string(b) != "TestEqualSteps" {
						t.Errorf("%s: output %q, %v", s.ID, b, err)
					}
				})
			}
			wg.Wait()
			entries, err := os.ReadDir(results) // the folder and its seal
			if c.want == plan.StatusPassed && (len(entries) != 2 || entries[1].Name() != entries[0].Name()+SealSuffix) || err != nil {
				t.Errorf("written more than once: %v, %v", entries, err)
			}
		})
	}
}

// However many runs there are, no more steps run at once than there are processors.
func TestNoMoreStepsThanProcessors(t *testing.T) {
	processors := runtime.GOMAXPROCS(0)
	var steps []plan.Step
	for i := range processors + 2 {
		steps = append(steps, step(fmt.Sprint("nap", i), "sleep", fmt.Sprintf("3%02dms", i)))
	}
	e := engine(t, Options{}, steps...)
	type moment struct {
		at   time.Time
		more int
	}
	var mu sync.Mutex
	var moments []moment
	var wg sync.WaitGroup
	for _, s := range steps {
		wg.Go(func() {
			r, err := e.Run(t.Context(), s)
			if err != nil || r.Status != plan.StatusPassed {
				t.Errorf("%+v, %v", r, err)
				return
			}
			rec, err := initrec.Read(filepath.Join(r.Dir, initrec.RecordFile))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			moments = append(moments, moment{rec.Started, 1}, moment{rec.Started.Add(time.Duration(rec.DurationMS) * time.Millisecond), -1})
		})
	}
	wg.Wait()
	slices.SortFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	running, most := 0, 0
	for _, m := range moments {
		running += m.more
		most = max(most, running)
	}
	if most > processors || most == 0 {
		t.Errorf("%d steps ran at once on %d processors", most, processors)
	}
}
