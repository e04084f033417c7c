//go:build linux

package buildkit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/plan"
)

// BenchmarkStep measures what a step costs beside its own work, with the engine's
// state on the disk of the temporary folder, there with each change of a database
// waited for, and in memory, one after the other in each round, so that a busy
// machine slows all.
func BenchmarkStep(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("the embedded engine needs root")
	}
	shop, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	memory := b.TempDir()
	if err := unix.Mount("tmpfs", memory, "tmpfs", 0, "mode=0700"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Unmount(memory, unix.MNT_DETACH) }) // best effort after the benchmark
	// waited: each change of a database is waited for, as without a mark.
	states := []struct{ name, root string }{
		{"disk", filepath.Join(b.TempDir(), "state")}, {"waited", filepath.Join(b.TempDir(), "state")}, {"memory", filepath.Join(memory, "state")},
	}
	var clients []*client.Client
	for _, s := range states {
		c, e, err := StartEmbedded(b.Context(), EmbeddedOptions{Root: s.root})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { e.Close() }) // the benchmark is over
		if s.name == "waited" {
			if err := e.(*Embedded).Settle(); err != nil {
				b.Fatal(err)
			}
		}
		clients = append(clients, c)
	}
	results := b.TempDir()
	once := func(i, n int) time.Duration {
		s := step("bench", "say", fmt.Sprint(n))
		g := &plan.Graph{Images: []plan.Image{shop.image}, Stages: []plan.Stage{{Name: "t", Steps: []plan.Step{s}}}}
		keys, err := plan.Keys(g, shop.init)
		if err != nil {
			b.Fatal(err)
		}
		e, err := New(Options{Client: clients[i], Graph: g, Blobs: shop.blobs.Dir(), Init: shop.init, Keys: keys, Results: filepath.Join(results, states[i].name)})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if r, err := e.Run(b.Context(), s); err != nil || r.Status != plan.StatusPassed {
			b.Fatalf("%+v, %v", r, err)
		}
		return time.Since(began)
	}
	for i := range states {
		once(i, -1) // unpacks the image
	}
	executed, cached := make([]time.Duration, len(states)), make([]time.Duration, len(states))
	rounds := 0
	for b.Loop() {
		for i := range states {
			executed[i] += once(i, rounds)
			cached[i] += once(i, rounds)
		}
		rounds++
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(rounds) }
	for i, s := range states {
		b.ReportMetric(ms(executed[i]), "ms-executed-"+s.name)
		b.ReportMetric(ms(cached[i]), "ms-cached-"+s.name)
	}
	b.ReportMetric(executed[0].Seconds()/executed[1].Seconds(), "executed-disk/waited")
	b.ReportMetric(executed[2].Seconds()/executed[0].Seconds(), "executed-memory/disk")
}
