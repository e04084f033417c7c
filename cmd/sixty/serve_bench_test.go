//go:build linux

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/server"
)

const benchPipeline = `
image "small" { from = "oci-layout://image" }
stage "t" {
  image = image.small
  step "a" { command = ["/bin/teststep", "say", "a"] }
  step "b" { command = ["/bin/teststep", "say", "b"] }
  step "c" { command = ["/bin/teststep", "say", "c"] }
  step "d" { command = ["/bin/teststep", "say", "d"] }
}
gate "g" { condition = step.a.status == "passed" }
`

// BenchmarkUnchanged measures a run in which nothing changed, as a whole process
// from start to signed report: answered from sealed results, and, with the seals
// broken, by the engine that stays and by one inside the run, one after the other in
// each round.
func BenchmarkUnchanged(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("the embedded engine needs root")
	}
	dir := b.TempDir()
	if err := writeSmallImage(filepath.Join(dir, "image")); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"p.hcl": benchPipeline, "c/src/lib.rs": "", "c/Cargo.toml": "[package]\nname = \"c\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"c/Cargo.lock": "version = 4\n\n[[package]]\nname = \"c\"\nversion = \"0.1.0\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	modes := []string{"sealed", "on", "off"}
	serve := map[string]string{"sealed": "on", "on": "on", "off": "off"}
	once := func(mode string) (took time.Duration, peak int64) {
		cache := filepath.Join(dir, "cache-"+serve[mode])
		if seals, err := filepath.Glob(filepath.Join(cache, "results", "*"+buildkit.SealSuffix)); err == nil && mode != "sealed" {
			for _, seal := range seals {
				if err := os.Remove(seal); err != nil {
					b.Fatal(err)
				}
			}
		}
		cmd := exec.Command(self, "deploy", "--pipeline", "p.hcl", "--manifest", "c/Cargo.toml", "--report", "out/report.json")
		cmd.Args[0], cmd.Dir = "sixty", dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/config", "SIXTY_SERVE="+serve[mode], "SIXTY_CACHE_DIR="+cache)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		began := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatalf("%v: %s", err, out.String())
		}
		return time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	root := engineRoot(filepath.Join(dir, "cache-on"))
	b.Cleanup(func() {
		if s, err := server.Stop(context.Background(), root, true); err == nil {
			server.Wait(context.Background(), s.PID) // the benchmark is over
		}
	})
	for _, mode := range modes {
		once(mode)
	}
	total := map[string]time.Duration{}
	peaks := map[string]int64{}
	rounds := 0
	for b.Loop() {
		for _, mode := range modes {
			took, peak := once(mode)
			total[mode] += took
			peaks[mode] = max(peaks[mode], peak)
		}
		rounds++
	}
	for _, mode := range modes {
		b.ReportMetric(total[mode].Seconds()*1000/float64(rounds), "ms-"+mode)
		b.ReportMetric(float64(peaks[mode]>>20), "MB-peak-"+mode)
	}
	b.ReportMetric(total["on"].Seconds()/total["off"].Seconds(), "on/off")
	b.ReportMetric(total["sealed"].Seconds()/total["on"].Seconds(), "sealed/on")
	if s, err := server.Ask(b.Context(), root); err == nil {
		b.ReportMetric(float64(s.MemoryBytes>>20), "MB-server-at-rest")
	}
}
