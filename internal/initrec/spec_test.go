package initrec

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEncodeDecode(t *testing.T) {
	spec := Spec{
		Record:  "/.sixty/out",
		Timeout: 10 * time.Second,
		Confine: &Confine{NewNetwork: true}, Capabilities: DefaultCapabilities(),
		Services: []Service{{Name: "db", Command: []string{"serve"}, Env: []string{"A=b"},
			Root: "/.sixty/services/db", Dir: "/data", User: "postgres", Address: "127.0.0.2",
			Ready: Ready{TCP: "127.0.0.1:5432", Timeout: time.Second}}},
		Outputs: []Output{{Name: "profiles", Path: "/out/profraw", Optional: true}},
	}
	text, err := spec.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "spec")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{text, "@" + file} {
		got, err := Decode(from)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, spec) {
			t.Errorf("decoded from %.20q:\n%+v\nwant\n%+v", from, got, spec)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "EOF",
		`{"record":"out"}`:                "not an absolute path",
		`{"record":"/o"} x`:               "text after its end",
		`{"record":"/o","timeout":"10s"}`: "unknown field",
		`{"record":"/o","timeout_ns":-1}`: "negative",
		`{"record":"/o","outputs":[{"name":"..","path":"/x"}]}`:                                  "output name",
		`{"record":"/o","outputs":[{"name":"a/b","path":"/x"}]}`:                                 "output name",
		`{"record":"/o","outputs":[{"name":"a","path":"x"}]}`:                                    "not absolute",
		`{"record":"/o","outputs":[{"name":"a","path":"/x"},{"name":"a","path":"/y"}]}`:          "two outputs",
		`{"record":"/o","services":[{"name":"a"}]}`:                                              "no command",
		`{"record":"/o","services":[{"name":"../a","command":["x"]}]}`:                           "service name",
		`{"record":"/o","services":[{"name":"a","command":["x"],"ready":{"tcp":"db:5432"}}]}`:    "not an address",
		`{"record":"/o","services":[{"name":"a","command":["x"],"root":"r"}]}`:                   "absolute",
		`{"record":"/o","services":[{"name":"a","command":["x"],"user":"me"}]}`:                  "root of its own",
		`{"record":"/o","services":[{"name":"a","command":["x"],"address":"10.0.0.1"}]}`:         "not a loopback address",
		`{"record":"/o","confine":{}}`:                                                           "capabilities",
		`{"record":"/o","services":[{"name":"a","command":["x"]},{"name":"a","command":["x"]}]}`: "two services",
		`@/does/not/exist`: "no such file",
	} {
		_, err := Decode(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%s): error %v, want one with %q", text, err, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"other version": {`{"version":2}`, "version 2"},
		"no JSON":       {`exit 0`, "invalid character"},
		"too long":      {strings.Repeat(" ", maxRecord+1), "longer than"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"record":"/o","outputs":[{"name":"a","path":"/x"}]}`)
	f.Add(`{"record":"/o","services":[{"name":"a","command":["x"],"ready":{"tcp":"[::1]:1"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "@") {
			t.Skip("would read files")
		}
		spec, err := Decode(text)
		if err != nil {
			return
		}
		for _, o := range spec.Outputs {
			if p := spec.OutputPath(o.Name); filepath.Dir(p) != filepath.Join(spec.Record, OutputsDir) {
				t.Errorf("output %q lies at %s", o.Name, p)
			}
		}
		again, err := spec.Encode()
		if err != nil {
			t.Fatalf("can't encode what was decoded: %v", err)
		}
		if _, err := Decode(again); err != nil {
			t.Fatalf("can't decode what was encoded: %v", err)
		}
	})
}
