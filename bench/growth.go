package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// growthRecord is how cost grows with the number of crates.
type growthRecord struct {
	taken
	Sizes []grown `json:"sizes"`
}

// grown is a run over a number of crates.
type grown struct {
	Series string `json:"series"`
	Crates int    `json:"crates"`
	// Fresh compiles and judges them all, Changed has one line of one of them
	// changed, Unchanged nothing.
	Fresh     spent `json:"fresh"`
	Changed   spent `json:"one_line_changed"`
	Unchanged spent `json:"unchanged"`
}

// each is the wall time for one crate.
func (g grown) each() time.Duration { return g.Fresh.wall / time.Duration(g.Crates) }

// series is one way in which there can be more crates.
type series struct {
	name  string
	sizes []int
	// pipeline is nil for the built-in one.
	pipeline func(image string) string
}

var growthSeries = []series{
	{"members of a workspace", []int{1, 10, 50}, nil},
	{"crates in one matrix", []int{1, 10, 100}, matrixPipeline},
}

// matrixPipeline deploys each crate of a folder by itself: its tests and lints,
// and its package.
func matrixPipeline(image string) string {
	return fmt.Sprintf(`image "rust" {
  from = "oci-layout://%s"
}

stage "crates" {
  image  = image.rust
  matrix = { crate = [for m in crate.members : m.name] }

  step "test" {
    command = ["cargo", "test", "--package", matrix.crate, "--message-format=json"]
    env     = { RUSTC_WORKSPACE_WRAPPER = "clippy-driver" }
    metrics = ["tests", "clippy"]
  }

  step "package" {
    command = ["cargo", "package", "--no-verify", "--allow-dirty", "--package", matrix.crate]
    metrics = ["package"]
    output "crates" { path = "/src/target/package" }
  }
}

gate "tests" {
  level     = "basic"
  condition = metrics.tests.failed == 0 && alltrue([for s in stage.crates : s.step.test.metrics.tests.executed > 0])
}

gate "clippy" {
  level     = "production"
  condition = metrics.clippy.warnings + metrics.clippy.errors == 0
}

gate "package" {
  level     = "distribution"
  condition = alltrue([for s in stage.crates : s.step.package.metrics.package.crates == 1])
}
`, image)
}

// writeCrates makes a workspace of n small crates that need nothing; about makes
// them others than those of another call.
func writeCrates(dir string, n int, about string) error {
	files := map[string]string{}
	lock, members := "version = 4\n", []string{}
	for i := range n {
		name := crateAt(i)
		members = append(members, fmt.Sprintf("%q", name))
		lock += fmt.Sprintf("\n[[package]]\nname = %q\nversion = \"0.1.0\"\n", name)
		files[name+"/Cargo.toml"] = fmt.Sprintf("[package]\nname = %q\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"One of many.\"\nlicense = \"MIT\"\nrepository = \"https://example.com/many\"\n", name)
		files[name+"/src/lib.rs"] = fmt.Sprintf(`//! One crate of many, %[2]s.

/// Sums what is divisible by a number.
#[must_use]
pub fn sum(of: u64) -> u64 {
    (1..=of).filter(|n| n %% %[1]d == 0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_nothing() {
        assert_eq!(sum(0), 0);
    }

    #[test]
    fn the_first_counts() {
        assert_eq!(sum(%[1]d), %[1]d);
    }
}
`, i+2, about)
	}
	files["Cargo.toml"] = "[workspace]\nresolver = \"2\"\nmembers = [" + strings.Join(members, ", ") + "]\n"
	files["Cargo.lock"] = lock
	for name, text := range files {
		if err := write(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

func crateAt(i int) string { return fmt.Sprintf("part%03d", i) }

// growth measures all sizes of all series.
func (b *bench) growth(ctx context.Context, o options, t taken, j *journal) error {
	j.Growth = &growthRecord{taken: t}
	engine, err := b.sixty.keep(ctx)
	if err != nil {
		return err
	}
	// What is the same for all sizes, such as unpacking the image, is done once.
	if _, err := b.grow(ctx, o, growthSeries[0], 2, engine); err != nil {
		return err
	}
	for _, s := range growthSeries {
		for _, n := range s.sizes {
			g, err := b.grow(ctx, o, s, n, engine)
			if err != nil {
				return fmt.Errorf("%d %s: %w", n, s.name, err)
			}
			progress("%d %s: %s; one line changed %s; unchanged %s", n, s.name, g.Fresh, g.Changed, g.Unchanged)
			j.Growth.Sizes = append(j.Growth.Sizes, g)
			if err := j.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) grow(ctx context.Context, o options, s series, n, engine int) (g grown, err error) {
	g = grown{Series: s.name, Crates: n}
	dir := filepath.Join(b.dir, "src", fmt.Sprintf("grow%d", n))
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := writeCrates(dir, n, fmt.Sprintf("%d %s", n, s.name)); err != nil {
		return g, err
	}
	file := filepath.Join(b.sixty.out(), "report.json")
	args := []string{"deploy", "--manifest", filepath.Join(dir, "Cargo.toml"), "--report", file, "--progress", "plain"}
	if s.pipeline != nil {
		pipeline := filepath.Join(dir, "pipeline.hcl")
		if err := write(pipeline, s.pipeline(o.image)); err != nil {
			return g, err
		}
		args = append(args, "--pipeline", pipeline)
	}
	run := func() (spent, error) {
		if err := os.RemoveAll(b.sixty.out()); err != nil {
			return spent{}, err
		}
		r, err := observe(b.sixty.command(ctx, serveOn, args...), engine, false)
		if err != nil {
			return r.spent, err
		}
		var said report
		if err := readJSON(file, &said); err != nil {
			return r.spent, err
		}
		if said.DeploymentStatus != "READY" {
			return r.spent, fmt.Errorf("sixty's report: it is %q and not READY", said.DeploymentStatus)
		}
		return r.spent, nil
	}
	if g.Fresh, err = run(); err != nil {
		return g, err
	}
	lib := filepath.Join(dir, crateAt(n/2), "src", "lib.rs")
	text, err := os.ReadFile(lib)
	if err != nil {
		return g, err
	}
	if err := write(lib, strings.Replace(string(text), "/// Sums", "const _: u32 = 1;\n\n/// Sums", 1)); err != nil {
		return g, err
	}
	if g.Changed, err = run(); err != nil {
		return g, err
	}
	g.Unchanged, err = run()
	return g, err
}
