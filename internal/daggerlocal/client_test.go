package daggerlocal

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/daggertest"
)

// every is one call of each method, by its type and name, with all options. Every
// query is held against the schema by the server.
func every(c *Client) map[string]any {
	ctr, dir := c.Container(), c.Directory()
	file, secret := dir.File("f"), c.SetSecret("name", "value")
	return map[string]any{
		"Client.Container": ctr, "Client.Directory": dir, "Client.CacheVolume": ctr.WithMountedCache("/c", c.CacheVolume("key")),
		"Client.CurrentModule": c.CurrentModule().Source(), "Client.SetSecret": secret, "Client.Version": nil,
		"Container.From": ctr.From("alpine"),
		"Container.WithExec": ctr.WithExec([]string{"echo", `"quoted" \ and
lines`}, ContainerWithExecOpts{InsecureRootCapabilities: true}),
		"Container.WithMountedDirectory": ctr.WithMountedDirectory("/d", dir, ContainerWithMountedDirectoryOpts{ReadOnly: true}),
		"Container.WithMountedFile":      ctr.WithMountedFile("/f", file), "Container.WithMountedCache": ctr.WithMountedCache("/c", c.CacheVolume("key")),
		"Container.WithMountedSecret": ctr.WithMountedSecret("/s", secret), "Container.WithMountedTemp": ctr.WithMountedTemp("/t"),
		"Container.WithEnvVariable": ctr.WithEnvVariable("N", "v"), "Container.WithSecretVariable": ctr.WithSecretVariable("N", secret),
		"Container.WithWorkdir": ctr.WithWorkdir("/w"), "Container.WithUser": ctr.WithUser("0:0"),
		"Container.WithDirectory": ctr.WithDirectory("/d", dir), "Container.WithFile": ctr.WithFile("/f", file),
		"Container.Directory": ctr.Directory("/d"), "Container.File": ctr.File("/f"), "Container.Rootfs": ctr.Rootfs(),
		"Container.ImageRef": nil, "Container.Stdout": nil, "Container.Sync": nil,
		"Container.DefaultArgs": nil, "Container.Entrypoint": nil, "Container.EnvVariables": nil, "Container.User": nil, "Container.Workdir": nil,
		"EnvVariable.Name": nil, "EnvVariable.Value": nil,
		"Directory.WithDirectory": dir.WithDirectory("/d", ctr.Directory("/x")), "Directory.WithFile": dir.WithFile("/f", file),
		"Directory.WithNewFile": dir.WithNewFile("n", "text"), "Directory.Directory": dir.Directory("/d"), "Directory.File": file,
		"Directory.Filter":  dir.Filter(DirectoryFilterOpts{Include: []string{"*.go"}}),
		"Directory.Changes": dir.Changes(ctr.Directory("/x")), "Directory.ID": nil, "Directory.Digest": nil, "Directory.Entries": nil,
		"Directory.Export": nil, "Directory.Sync": nil,
		"File.Contents": nil, "File.Export": nil, "Secret.Plaintext": nil,
		"CurrentModule.Source": c.CurrentModule().Source(), "CurrentModule.Workdir": c.CurrentModule().Workdir("w"),
		"CurrentModule.WorkdirFile": c.CurrentModule().WorkdirFile("f"),
	}
}

func TestEveryQueryIsOfTheSchema(t *testing.T) {
	s := daggertest.Serve(t)
	s.Answer = func(value daggertest.Chain) (any, error) {
		if value[len(value)-1].Field == "envVariables" {
			return 2, nil
		}
		return nil, nil
	}
	ctx := t.Context()
	c := Connect()
	calls := every(c)
	for name, made := range calls {
		if made == nil {
			continue
		}
		if _, err := made.(interface{ MarshalJSON() ([]byte, error) }).MarshalJSON(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctr, dir := c.Container(), c.Directory()
	variables, err := ctr.EnvVariables(ctx)
	if err != nil || len(variables) != 2 {
		t.Fatalf("%d variables, %v", len(variables), err)
	}
	for name, value := range map[string]func() error{
		"Container.EnvVariables": func() error { _, err := ctr.EnvVariables(ctx); return err },
		"EnvVariable.Name":       func() error { _, err := variables[1].Name(ctx); return err },
		"EnvVariable.Value":      func() error { _, err := variables[1].Value(ctx); return err },
		"Container.DefaultArgs":  func() error { _, err := ctr.DefaultArgs(ctx); return err },
		"Container.Entrypoint":   func() error { _, err := ctr.Entrypoint(ctx); return err },
		"Container.User":         func() error { _, err := ctr.User(ctx); return err },
		"Container.Workdir":      func() error { _, err := ctr.Workdir(ctx); return err },
		"Client.Version":         func() error { _, err := c.Version(ctx); return err },
		"Container.ImageRef":     func() error { _, err := ctr.From("x").ImageRef(ctx); return err },
		"Container.Stdout":       func() error { _, err := ctr.Stdout(ctx); return err },
		"Container.Sync": func() error {
			again, err := ctr.WithUser("u").Sync(ctx)
			if err == nil {
				_, err = again.WithWorkdir("/").Stdout(ctx)
			}
			return err
		},
		"Directory.ID":      func() error { _, err := dir.ID(ctx); return err },
		"Directory.Digest":  func() error { _, err := dir.Digest(ctx); return err },
		"Directory.Entries": func() error { _, err := dir.Entries(ctx); return err },
		"Directory.Export":  func() error { _, err := dir.Export(ctx, "to"); return err },
		"Directory.Sync": func() error {
			again, err := dir.Sync(ctx)
			if err == nil {
				_, err = again.Entries(ctx)
			}
			return err
		},
		"File.Contents":    func() error { _, err := dir.File("f").Contents(ctx); return err },
		"File.Export":      func() error { _, err := dir.File("f").Export(ctx, "to"); return err },
		"Secret.Plaintext": func() error { _, err := c.SetSecret("n", "p").Plaintext(ctx); return err },
	} {
		if err := value(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if made, ok := calls[name]; !ok || made != nil {
			t.Errorf("%s is not among the methods", name)
		}
	}
	// A method that nobody calls here is a query that nobody has checked.
	for _, object := range []any{c, ctr, dir, &File{}, &Secret{}, &CurrentModule{}, &Changeset{}, &CacheVolume{}, &EnvVariable{}} {
		ty := reflect.TypeOf(object)
		for i := range ty.NumMethod() {
			name := ty.Elem().Name() + "." + ty.Method(i).Name
			if _, ok := calls[name]; !ok && !strings.Contains(name, ".XXX_") && !strings.HasSuffix(name, ".MarshalJSON") {
				t.Errorf("%s is not called", name)
			}
		}
	}
}

// The server refuses what the schema does not have, so that the test above can
// fail.
func TestTheSchemaIsHeld(t *testing.T) {
	daggertest.Serve(t)
	_, err := get[string](t.Context(), Connect().q.Select("container").Select("from").Arg("nobody", "x").Select("stdout"))
	if err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an argument that is not there: %v", err)
	}
}

func TestObjectsKeepTheirQuery(t *testing.T) {
	s := daggertest.Serve(t)
	s.Answer = func(value daggertest.Chain) (any, error) { return value.String(), nil }
	ctx := t.Context()
	c := Connect()
	ctr, err := c.Container().From("alpine").WithMountedDirectory("/src", c.Directory().WithNewFile("a", "b")).Sync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ctr.WithExec([]string{"ls", "-l"}).Stdout(ctx)
	want := `container.from(address: "alpine").withMountedDirectory(path: "/src", source: directory.withNewFile(contents: "b", path: "a")).withExec(args: ["ls", "-l"]).stdout`
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestErrors(t *testing.T) {
	s := daggertest.Serve(t)
	s.Answer = func(daggertest.Chain) (any, error) {
		return nil, &daggertest.ExecError{Code: 3, Stdout: "out", Stderr: "err"}
	}
	_, err := Connect().Container().Sync(t.Context())
	var failed *ExecError
	if !errors.As(err, &failed) || failed.ExitCode != 3 || failed.Stdout != "out" || failed.Stderr != "err" || len(failed.Cmd) != 1 {
		t.Errorf("%+v, %v", failed, err)
	}
	s.Answer = func(daggertest.Chain) (any, error) { return nil, errors.New("the engine is unwell") }
	if _, err := Connect().Container().Sync(t.Context()); errors.As(err, &failed) || err == nil || err.Error() != "the engine is unwell" {
		t.Errorf("%v", err)
	}
	t.Setenv("DAGGER_SESSION_TOKEN", "another")
	if _, err := Connect().Version(t.Context()); err == nil || !strings.Contains(err.Error(), "no session here") {
		t.Errorf("a wrong token: %v", err)
	}
	t.Setenv("DAGGER_SESSION_PORT", "no port")
	if _, err := Connect().Version(t.Context()); err == nil || !strings.Contains(err.Error(), `not "no port"`) {
		t.Errorf("a wrong port: %v", err)
	}
}

func unset(t *testing.T, name string) {
	t.Helper()
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutSession(t *testing.T) {
	t.Setenv("DAGGER_SESSION_PORT", "") // so that it is put back
	unset(t, "DAGGER_SESSION_PORT")
	if _, err := Connect().Version(t.Context()); !errors.Is(err, ErrNoSession) {
		t.Errorf("%v", err)
	}
}
