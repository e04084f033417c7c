package stages

import (
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/plan"
)

const aheadPipeline = `
image "rust" {
  from = "docker.io/library/rust:1"
  warm = stage.generation.lockfile
}
stage "generation" {}
stage "setup" { image = image.rust }
stage "testing" {
  step "build" {
    command = ["cargo", "build"]
    ahead   = true
    output "target" {
      path   = "/target"
      volume = true
    }
  }
  step "test" {
    command = ["cargo", "test"]
    mount "/target" {
      source   = step.build.output.target
      writable = true
    }
    AHEAD
  }
}
`

func aheadInput(t *testing.T, pipeline string) Input {
	t.Helper()
	in := input(t, pipeline)
	in.Rust.Foundation = &cargo.Skeleton{Files: map[string][]byte{"Cargo.toml": []byte("[workspace]")}, Stale: []string{"*/skeleton-0"}}
	return in
}

func source(s plan.Step, target string) plan.Source {
	for _, m := range s.Mounts {
		if m.Target == target {
			return m.Source
		}
	}
	return plan.Source{}
}

func TestAhead(t *testing.T) {
	in := aheadInput(t, strings.ReplaceAll(aheadPipeline, "AHEAD", ""))
	g, diags := Plan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	ahead, ok := g.Step("testing.build-ahead")
	if !ok {
		t.Fatal("there is no step ahead")
	}
	build, _ := g.Step("testing.build")
	if slices.Contains(ahead.Inputs(), build.ID) || !slices.Contains(build.Inputs(), ahead.ID) {
		t.Errorf("the step ahead needs %v, the other one %v", ahead.Inputs(), build.Inputs())
	}
	if source(ahead, "/src").Digest == in.Tree.Digest || source(build, "/src").Digest != in.Tree.Digest {
		t.Error("a change of the source runs the step ahead again, or is not seen by the other one")
	}
	if got := source(ahead, "/target").Step; got != "setup.dependencies" {
		t.Errorf("the step ahead starts from what %q has compiled", got)
	}
	if !slices.Equal(ahead.Command[4:], []string{"cargo", "build"}) || !strings.Contains(ahead.Command[2], "rm -rf -- '/target/'*'/skeleton-0'") {
		t.Errorf("the step ahead runs %q", ahead.Command)
	}
	if test, _ := g.Step("testing.test"); source(test, "/target").Step != build.ID {
		t.Errorf("steps after it start from %v", source(test, "/target"))
	}

	// A step that starts from what another one has compiled: ahead of it runs one
	// that starts from what was compiled ahead of the other.
	in = aheadInput(t, strings.ReplaceAll(aheadPipeline, "AHEAD", "ahead = true"))
	if g, diags = Plan(in); diags.HasErrors() {
		t.Fatal(diags)
	}
	if s, _ := g.Step("testing.test-ahead"); source(s, "/target").Step != "testing.build-ahead" {
		t.Errorf("what runs ahead of the tests starts from %v", source(s, "/target"))
	}
	if s, _ := g.Step("testing.test"); source(s, "/target").Step != "testing.test-ahead" {
		t.Errorf("the tests start from %v", source(s, "/target"))
	}

	in.Rust.Foundation = nil
	g, _ = Plan(in)
	if _, ok := g.Step("testing.build-ahead"); ok {
		t.Error("a step runs ahead with nothing to compile")
	}
}

func TestAheadRefuses(t *testing.T) {
	for name, c := range map[string][2]string{
		"a target of its own": {strings.ReplaceAll(strings.ReplaceAll(aheadPipeline, "AHEAD", "ahead = true"), "step.build.output.target", "stage.generation.tree"), "something of its own at /target"},
		"a name that is taken": {strings.ReplaceAll(strings.ReplaceAll(aheadPipeline, "AHEAD", ""), "step \"test\"",
			"step \"build-ahead\" { command = [\"true\"] }\n  step \"test\""), "there is one already"},
		"a runner": {strings.ReplaceAll(strings.ReplaceAll(aheadPipeline, "AHEAD", ""), "step \"test\"",
			"step \"audit\" {\n    uses = \"audit\"\n    ahead = true\n  }\n  step \"test\""), "nothing runs ahead of it"},
	} {
		_, diags := Plan(aheadInput(t, c[0]))
		if !strings.Contains(diags.Error(), c[1]) {
			t.Errorf("%s: %v", name, diags)
		}
	}
}
