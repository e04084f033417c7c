package lastrun

import (
	"os"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
)

func TestRecord(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	file := File(t.TempDir(), "/crate")
	r := Read(file)
	if len(r.Steps) != 0 {
		t.Fatalf("without a file: %+v", r)
	}
	key := plan.Key{Digest: "sha256:1", Parts: []plan.KeyPart{{Name: "command", Value: "make"}}}
	r.Add([]plan.Result{
		{Step: "t.a", Status: plan.StatusPassed, Cached: true, Started: noon, Ended: noon.Add(time.Second)},
		{Step: "t.b", Status: plan.StatusFailed, Started: noon, Ended: noon},
		{Step: "t.c", Status: plan.StatusNotRun, Started: noon, Ended: noon},
	}, map[string]plan.Key{"t.a": key})
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	r = Read(file)
	a := r.Steps["t.a"]
	if !a.Cached || a.Status != plan.StatusPassed || a.DurationMS != 1000 || !a.At.Equal(noon.Add(time.Second)) ||
		a.Key.Digest != key.Digest || len(a.Key.Parts) != 1 {
		t.Errorf("t.a is %+v", a)
	}
	if _, known := r.Steps["t.c"]; known || r.Steps["t.b"].Status != plan.StatusFailed {
		t.Errorf("steps %+v", r.Steps)
	}
	// What does not run keeps what is known of it.
	r.Add([]plan.Result{{Step: "t.a", Status: plan.StatusSkipped}}, nil)
	if got := r.Steps["t.a"]; got.Status != plan.StatusPassed {
		t.Errorf("t.a is %+v", got)
	}
}

func TestReadOfWhatIsNoRecord(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `{"version":99,"steps":{"a":{}}}`, `{"version":1}`} {
		file := File(t.TempDir(), "/crate")
		if err := (Record{}).Write(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if r := Read(file); len(r.Steps) != 0 || r.Steps == nil {
			t.Errorf("%q gives %+v", text, r)
		}
	}
}

// Two crates do not share a record.
func TestFile(t *testing.T) {
	if File("c", "/a") == File("c", "/b") {
		t.Error("one file for two crates")
	}
}
