package provenance

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

// Surroundings are what a build must not depend on, as the engine gave them to
// the steps that made artifacts and as sixty-init found them there. The
// provenance states them, so that a later build knows what it varies.
type Surroundings struct {
	Path     string    `json:"path"`
	TimeZone string    `json:"timeZone"`
	Locale   string    `json:"locale"`
	Home     string    `json:"home"`
	Hostname string    `json:"hostName"`
	CPUs     int       `json:"cpus"`
	Began    time.Time `json:"began"`
	// What sixty does not vary on one machine.
	Epoch   string `json:"sourceDateEpoch"`
	Kernel  string `json:"kernel"`
	Machine string `json:"machine"`
	Image   string `json:"image"`
}

// SurroundingsOf reads them for one step; false when it left no record.
func SurroundingsOf(g *plan.Graph, results []plan.Result, id string) (Surroundings, bool) {
	step, planned := g.Step(id)
	if !planned {
		return Surroundings{}, false
	}
	for _, r := range results {
		if r.Step != id || r.Dir == "" {
			continue
		}
		rec, err := initrec.Read(filepath.Join(r.Dir, initrec.RecordFile))
		if err != nil {
			return Surroundings{}, false
		}
		image, _ := g.Image(step.Image)
		env := map[string]string{}
		for _, pair := range append(append([]string{}, image.Env...), step.Env...) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		s := Surroundings{
			Path: step.Dir, TimeZone: env["TZ"], Locale: env["LC_ALL"], Home: env["HOME"], Epoch: env[setup.EpochVariable],
			Hostname: rec.Hostname, CPUs: rec.CPUs, Began: rec.Started.UTC(),
			Kernel: rec.Kernel.Release, Machine: rec.Kernel.Machine, Image: image.Digest,
		}
		if s.Locale == "" {
			s.Locale = env["LANG"]
		}
		return s, true
	}
	return Surroundings{}, false
}

// Axes compares two surroundings: what differs between them, and what is the
// same, each with its values.
func (s Surroundings) Axes(other Surroundings) (varied, same []string) {
	for _, axis := range []struct{ name, first, second string }{
		{"path", s.Path, other.Path},
		{"time zone", orNone(s.TimeZone), orNone(other.TimeZone)},
		{"locale", orNone(s.Locale), orNone(other.Locale)},
		{"home", orNone(s.Home), orNone(other.Home)},
		{"host name", s.Hostname, other.Hostname},
		{"CPU count", fmt.Sprint(s.CPUs), fmt.Sprint(other.CPUs)},
		{"clock", s.Began.Format(time.RFC3339), other.Began.Format(time.RFC3339)},
		{setup.EpochVariable, orNone(s.Epoch), orNone(other.Epoch)},
		{"kernel", s.Kernel, other.Kernel},
		{"processor architecture", s.Machine, other.Machine},
		{"image", s.Image, other.Image},
	} {
		if axis.first != axis.second {
			varied = append(varied, fmt.Sprintf("%s: %s, %s", axis.name, axis.first, axis.second))
		} else {
			same = append(same, fmt.Sprintf("%s: %s", axis.name, axis.first))
		}
	}
	return varied, append(same, "user and group", "umask", "order of files on disk")
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
