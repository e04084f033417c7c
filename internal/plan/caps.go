package plan

import (
	"fmt"
	"slices"
)

// Caps declares what an engine can keep of a plan.
type Caps struct {
	// Name is the engine's name in messages.
	Name string
	// Networks lists the network modes that it keeps.
	Networks []Network
	// Sources lists the kinds of mount source that it keeps.
	Sources []SourceKind
	// Layouts: images may come from an OCI layout.
	Layouts bool
	// Services: steps may have processes beside them.
	Services bool
	// Conditions: steps may have surroundings other than the usual ones.
	Conditions bool
}

// Refusal is what of a step an engine can't keep; Range is where the step was
// declared.
type Refusal struct {
	Step   string
	Reason string
	Range  Range
}

func (r Refusal) Error() string { return fmt.Sprintf("step %q: %s", r.Step, r.Reason) }

// Check returns what of the graph the engine can't keep; nothing is ever
// dropped silently.
func Check(g *Graph, caps Caps) []Refusal {
	var refusals []Refusal
	for _, s := range g.Steps() {
		refuse := func(format string, args ...any) {
			refusals = append(refusals, Refusal{s.ID, fmt.Sprintf(format, args...), s.Range})
		}
		if s.Runner != "" || s.Skipped != "" {
			continue
		}
		if !slices.Contains(caps.Networks, s.Network) {
			refuse("the %s engine can't give it network %q", caps.Name, s.Network)
		}
		for _, m := range s.Mounts {
			if !slices.Contains(caps.Sources, m.Source.Kind) {
				refuse("the %s engine can't mount a %s at %s", caps.Name, m.Source.Kind, m.Target)
			}
		}
		images := []string{s.Image}
		for _, service := range s.Services {
			images = append(images, service.Image)
		}
		if len(s.Services) > 0 && !caps.Services {
			refuse("the %s engine can't run services", caps.Name)
		}
		if s.Conditions != nil && !caps.Conditions {
			refuse("the %s engine can't change a step's surroundings", caps.Name)
		}
		for _, name := range images {
			if image, ok := g.Image(name); !ok {
				refuse("image %q does not exist", name)
			} else if image.Layout != "" && !caps.Layouts {
				refuse("the %s engine can't take image %q from an OCI layout", caps.Name, name)
			}
		}
	}
	return refusals
}
