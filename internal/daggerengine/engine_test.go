package daggerengine

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/daggertest"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// fake is an engine that runs nothing: it leaves the record that a test wants.
type fake struct {
	t       *testing.T
	session *daggertest.Server
	engine  *Engine

	mu sync.Mutex
	// record is what the next commands leave, by how often one was run.
	record func(runs int, command daggertest.Call) (initrec.Record, error)
	runs   int
	// steps are the chains that commands were run in.
	steps []daggertest.Chain
}

func serve(t *testing.T, g *plan.Graph) *fake {
	t.Helper()
	f := &fake{t: t, session: daggertest.Serve(t)}
	t.Chdir(t.TempDir())
	f.record = func(int, daggertest.Call) (initrec.Record, error) { return now(0), nil }
	f.session.Answer = f.answer
	client := dagger.Connect()
	keys := map[string]plan.Key{}
	for _, s := range g.Steps() {
		keys[s.ID] = plan.Key{Digest: "sha256:key-of-" + s.ID}
	}
	f.engine = New(Options{
		Client: client, Graph: g, Init: client.Directory().File("init"), Keys: keys, Scratch: "trees", Results: "results",
		Images:  map[string]*dagger.Container{"i": client.Container().From("image@sha256:1")},
		Secrets: map[string]*dagger.Secret{"token": client.SetSecret("token", "hidden")},
	})
	return f
}

// now is the record of a command that ends now.
func now(code int) initrec.Record {
	return initrec.Record{Version: initrec.Version, ExitCode: code, Started: time.Now(), DurationMS: 12, Network: initrec.Network{LoopbackOnly: true}}
}

func (f *fake) answer(value daggertest.Chain) (any, error) {
	switch value[len(value)-1].Field {
	case "sync":
		command, ok := value.Last("withExec")
		if !ok {
			return nil, nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.runs++
		f.steps = append(f.steps, value)
		_, err := f.record(f.runs, command)
		return nil, err
	case "export":
		command, _ := value.Last("withExec")
		f.mu.Lock()
		rec, _ := f.record(f.runs, command)
		f.mu.Unlock()
		text, err := json.Marshal(rec)
		if err != nil {
			return nil, err
		}
		dir := value[len(value)-1].Args["path"].(string)
		return dir, errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, initrec.RecordFile), text, 0o644))
	}
	return nil, nil
}

func (f *fake) run(s plan.Step) (plan.Result, error) {
	f.t.Helper()
	return f.engine.Run(f.t.Context(), s)
}

// words are the spec and the command of a step's withExec.
func words(t *testing.T, c daggertest.Call) (initrec.Spec, []string) {
	t.Helper()
	var args []string
	for _, a := range c.Args["args"].([]any) {
		args = append(args, a.(string))
	}
	at := slices.Index(args, "--spec")
	if at < 0 || args[0] != stepspec.Init || args[1] != "run" || args[at+2] != "--" {
		t.Fatalf("not under sixty-init: %q", args)
	}
	spec, err := initrec.Decode(args[at+1])
	if err != nil {
		t.Fatal(err)
	}
	return spec, args[at+3:]
}

func one(s plan.Step) *plan.Graph {
	return &plan.Graph{Images: []plan.Image{{Name: "i"}}, Stages: []plan.Stage{{Name: "s", Steps: []plan.Step{s}}}}
}

func TestStep(t *testing.T) {
	s := plan.Step{ID: "s.a", Stage: "s", Name: "a", Image: "i", Command: []string{"make", "all"}, Env: []string{"A=1", "B=x=y"}, Dir: "/src",
		Network: plan.NetworkNone, Timeout: time.Minute, Outputs: []plan.Output{{Name: "o", Path: "/out", Optional: true}, {Name: "v", Path: "/vol", Volume: true}},
		Mounts: []plan.Mount{
			{Target: "/cache", Source: plan.Source{Kind: plan.SourceCache, Cache: "c"}},
			{Target: "/secret", Source: plan.Source{Kind: plan.SourceSecret, Secret: "token"}},
			{Target: "/tmp/x", Source: plan.Source{Kind: plan.SourceScratch}},
		}}
	f := serve(t, one(s))
	res, err := f.run(s)
	if err != nil || res.Status != plan.StatusPassed || res.Cached || *res.ExitCode != 0 || res.Record.WallMS != 12 || !*res.Record.LoopbackOnly {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := os.Stat(filepath.Join("results", "key-of-s.a", initrec.RecordFile)); err != nil || res.Dir != filepath.Join("results", "key-of-s.a") {
		t.Errorf("the record lies in %s: %v", res.Dir, err)
	}
	chain := f.steps[0].String()
	for _, want := range []string{
		`container.from(address: "image@sha256:1").withUser(name: "0:0").withMountedFile(path: "/.sixty/init", source: directory.file(path: "init"))`,
		`.withMountedCache(cache: cacheVolume(key: "c"), path: "/cache")`,
		`.withMountedSecret(path: "/secret", source: setSecret(name: "token", plaintext: "hidden"))`,
		`.withMountedTemp(path: "/tmp/x")`,
		`.withMountedDirectory(path: "/.sixty/out", source: directory)`,
		`.withMountedDirectory(path: "/vol", source: directory)`,
		`.withEnvVariable(name: "A", value: "1").withEnvVariable(name: "B", value: "x=y").withWorkdir(path: "/src").withExec(`,
	} {
		if !strings.Contains(chain, want) {
			t.Errorf("the step has no %s:\n%s", want, chain)
		}
	}
	exec, _ := f.steps[0].Last("withExec")
	if exec.Args["insecureRootCapabilities"] != true {
		t.Error("sixty-init can't take the network away")
	}
	spec, command := words(t, exec)
	if !slices.Equal(command, s.Command) || spec.Timeout != time.Minute || !spec.EndWithZero || spec.Confine == nil || !spec.Confine.NewNetwork ||
		!slices.Equal(spec.Capabilities, initrec.DefaultCapabilities()) {
		t.Errorf("%q under %+v", command, spec)
	}
	if len(spec.Outputs) != 1 || spec.Outputs[0] != (initrec.Output{Name: "o", Path: "/out", Optional: true}) {
		t.Errorf("outputs %+v", spec.Outputs)
	}
}

func TestNetworkOfTheEngine(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}, Network: plan.NetworkHost}
	f := serve(t, one(s))
	if _, err := f.run(s); err != nil {
		t.Fatal(err)
	}
	exec, _ := f.steps[0].Last("withExec")
	if spec, _ := words(t, exec); spec.Confine == nil || spec.Confine.NewNetwork || len(spec.Capabilities) == 0 {
		t.Errorf("%+v", spec.Confine)
	}
}

// A service runs in the step's container, on a copy of its own image.
func TestServices(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}, Network: plan.NetworkNone, Services: plan.Addressed([]plan.Service{
		{Name: "db", Image: "d", Command: []string{"serve"}, Env: []string{"B=2"}, Dir: "/data", User: "db", Ready: plan.Ready{TCP: 5432, Timeout: time.Second}, Range: plan.Range{File: "p.hcl", StartLine: 3}},
	})}
	g := one(s)
	g.Images = append(g.Images, plan.Image{Name: "d", Env: []string{"A=1"}})
	if refused := plan.Check(g, Caps()); len(refused) > 0 {
		t.Fatal(refused)
	}
	f := serve(t, g)
	f.engine.opts.Images["d"] = f.engine.opts.Client.Container().From("db@sha256:2")
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		rec := now(1)
		rec.Services = []initrec.ServiceRecord{{Name: "db", Error: "ended with code 9 before the step did"}}
		return rec, nil
	}
	res, err := f.run(s)
	if err != nil || res.Status != plan.StatusFailed || res.Service == nil || res.Service.Name != "db" || res.Service.Range.StartLine != 3 || res.Service.Log == "" {
		t.Errorf("%+v, %v", res, err)
	}
	if want := `.withMountedDirectory(path: "/.sixty/services/db", source: container.from(address: "db@sha256:2").rootfs)`; !strings.Contains(f.steps[0].String(), want) {
		t.Errorf("no %s in %s", want, f.steps[0])
	}
	exec, _ := f.steps[0].Last("withExec")
	spec, _ := words(t, exec)
	want := initrec.Service{Name: "db", Command: []string{"serve"}, Env: []string{"A=1", "B=2"}, Root: "/.sixty/services/db", Dir: "/data", User: "db",
		Address: "127.0.0.2", Ready: initrec.Ready{TCP: "127.0.0.2:5432", Timeout: time.Second}}
	if len(spec.Services) != 1 || !reflect.DeepEqual(spec.Services[0], want) || !spec.Confine.NewNetwork {
		t.Errorf("%+v", spec)
	}
	delete(f.engine.opts.Images, "d")
	if _, err := f.run(s); err == nil || !strings.Contains(err.Error(), `image "d" of service "db"`) {
		t.Errorf("without its image: %v", err)
	}
}

// What a step made is mounted from the container that made it.
func TestOutputs(t *testing.T) {
	a := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}, Outputs: []plan.Output{{Name: "dir", Path: "/d"}, {Name: "file", Path: "/f"}, {Name: "vol", Path: "/v", Volume: true}}}
	b := plan.Step{ID: "s.b", Image: "i", Command: []string{"y"}, Mounts: []plan.Mount{
		{Target: "/d", Source: plan.Source{Kind: plan.SourceOutput, Step: "s.a", Output: "dir"}},
		{Target: "/f", Source: plan.Source{Kind: plan.SourceOutput, Step: "s.a", Output: "file"}},
		{Target: "/v", Source: plan.Source{Kind: plan.SourceOutput, Step: "s.a", Output: "vol"}, Writable: true},
	}}
	g := one(a)
	g.Stages[0].Steps = append(g.Stages[0].Steps, b)
	f := serve(t, g)
	if _, err := f.run(b); err == nil || !strings.Contains(err.Error(), `"s.a" has not run`) {
		t.Errorf("before its input: %v", err)
	}
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		rec := now(0)
		rec.Outputs = []initrec.OutputRecord{{Name: "dir", Kind: initrec.OutputFolder}, {Name: "file", Kind: initrec.OutputFile}}
		return rec, nil
	}
	for _, s := range []plan.Step{a, b} {
		if _, err := f.run(s); err != nil {
			t.Fatal(err)
		}
	}
	chain := f.steps[1].String()
	for _, want := range []string{
		`.directory(path: "/.sixty/out/outputs/dir"))`, `.withMountedFile(path: "/f", source: container`, `.file(path: "/.sixty/out/outputs/file"))`,
		`.withMountedDirectory(path: "/v", source: container`, `.directory(path: "/v"))`,
	} {
		if !strings.Contains(chain, want) {
			t.Errorf("no %s in\n%s", want, chain)
		}
	}
	if !strings.Contains(chain, `withMountedDirectory(path: "/d", readOnly: true`) {
		t.Errorf("the folder is writable:\n%s", chain)
	}
}

func TestBlobsAndDownloads(t *testing.T) {
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	if err := errors.Join(tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o644, Size: 1}), func() error { _, err := tw.Write([]byte("x")); return err }(), tw.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	src := plan.Source{Kind: plan.SourceBlob, Digest: "sha256:abc", Path: file}
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}, Mounts: []plan.Mount{
		{Target: "/src", Source: src, Writable: true}, {Target: "/again", Source: src},
		{Target: "/crates", Source: plan.Source{Kind: plan.SourceFetch, Files: []plan.Fetch{{Name: "n", URL: "https://a/n", SHA256: strings.Repeat("0", 64)}}}},
	}}
	f := serve(t, one(s))
	if _, err := f.run(s); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join("trees", "abc", "a")); err != nil || string(got) != "x" {
		t.Errorf("the tree holds %q, %v", got, err)
	}
	chain := f.steps[0].String()
	for _, want := range []string{
		`withMountedDirectory(path: "/src", source: currentModule.workdir(path: "trees/abc"))`,
		`withMountedDirectory(path: "/again", readOnly: true, source: currentModule.workdir(path: "trees/abc"))`,
		`"/.sixty/init", "fetch", "--list"`, `\"url\":\"https://a/n\"`,
	} {
		if !strings.Contains(chain, want) {
			t.Errorf("no %s in\n%s", want, chain)
		}
	}
	broken := plan.Step{ID: "s.b", Image: "i", Mounts: []plan.Mount{{Target: "/x", Source: plan.Source{Kind: plan.SourceBlob, Digest: "sha256:gone", Path: "gone"}}}}
	for range 2 {
		if _, err := f.run(broken); err == nil || !strings.Contains(err.Error(), "unpack sha256:gone") {
			t.Errorf("a blob that is not there: %v", err)
		}
	}
}

// A success may come from the engine's cache.
func TestCachedSuccess(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}}
	f := serve(t, one(s))
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		rec := now(0)
		rec.Started = rec.Started.Add(-time.Hour)
		return rec, nil
	}
	if res, err := f.run(s); err != nil || !res.Cached || f.runs != 1 {
		t.Errorf("%+v, %v, run %d times", res, err, f.runs)
	}
}

// A failure that came from the cache is run again.
func TestCachedFailure(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}}
	f := serve(t, one(s))
	f.record = func(runs int, _ daggertest.Call) (initrec.Record, error) {
		rec := now(7)
		if runs == 1 {
			rec.Started = rec.Started.Add(-time.Hour)
		}
		return rec, nil
	}
	res, err := f.run(s)
	if err != nil || res.Status != plan.StatusFailed || *res.ExitCode != 7 || res.Cached || f.runs != 2 {
		t.Fatalf("%+v, %v, run %d times", res, err, f.runs)
	}
	if first, again := f.steps[0].String(), f.steps[1].String(); strings.Contains(first, nonceVariable) || !strings.Contains(again, nonceVariable) {
		t.Errorf("the second run is the first one:\n%s\n%s", first, again)
	}
}

func TestTimeout(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}}
	f := serve(t, one(s))
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		rec := now(initrec.ExitTimeout)
		rec.TimedOut = true
		return rec, nil
	}
	if res, err := f.run(s); err != nil || res.Status != plan.StatusTimedOut || f.runs != 1 {
		t.Errorf("%+v, %v, run %d times", res, err, f.runs)
	}
}

func TestFaultsOfTheEngine(t *testing.T) {
	s := plan.Step{ID: "s.a", Image: "i", Command: []string{"x"}}
	f := serve(t, one(s))
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		return initrec.Record{}, &daggertest.ExecError{Code: 137, Stderr: "sixty-init: out of memory"}
	}
	res, err := f.run(s)
	if err == nil || res.Status != plan.StatusError {
		t.Fatalf("%+v, %v", res, err)
	}
	for _, want := range []string{"s.a", "exit code 137", "out of memory"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	f.record = func(int, daggertest.Call) (initrec.Record, error) {
		cancel(errors.New("it is late"))
		return initrec.Record{}, errors.New("canceled")
	}
	if res, err := f.engine.Run(ctx, s); err != nil || res.Status != plan.StatusCanceled || res.Reason != "it is late" {
		t.Errorf("canceled: %+v, %v", res, err)
	}
	for want, step := range map[string]plan.Step{
		`image "other"`:            {ID: "s.b", Image: "other"},
		`secret "none" was not`:    {ID: "s.c", Image: "i", Mounts: []plan.Mount{{Source: plan.Source{Kind: plan.SourceSecret, Secret: "none"}}}},
		`source of unknown kind`:   {ID: "s.d", Image: "i", Mounts: []plan.Mount{{Source: plan.Source{Kind: "tape"}}}},
		`step "s.z" is not in the`: {ID: "s.e", Image: "i", Mounts: []plan.Mount{{Source: plan.Source{Kind: plan.SourceOutput, Step: "s.z"}}}},
	} {
		if _, err := f.run(step); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestCaps(t *testing.T) {
	g := one(plan.Step{ID: "s.a", Image: "i", Network: plan.NetworkNone, Conditions: &plan.Conditions{CPUs: 1}})
	g.Images[0].Layout = "/layout"
	var got []string
	for _, r := range plan.Check(g, Caps()) {
		got = append(got, r.Reason)
	}
	if len(got) != 2 || !strings.Contains(got[0], "surroundings") || !strings.Contains(got[1], "layout") {
		t.Errorf("refused: %q", got)
	}
}
