package stages

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// services plans what runs beside a step; what a service's block leaves open is
// what its image's configuration says.
func (p *planner) services(step config.Step) ([]plan.Service, bool) {
	if len(step.Services) > plan.MaxServices {
		p.fail(step.Range, "Too many services", "A step has at most %d services, and this one has %d.", plan.MaxServices, len(step.Services))
		return nil, false
	}
	var out []plan.Service
	for _, name := range step.Services {
		i := slices.IndexFunc(p.in.Pipeline.Services, func(s config.Service) bool { return s.Name == name })
		block := p.in.Pipeline.Services[i]
		image, ok := p.in.Images[block.Image.Name]
		if !ok {
			p.fail(block.Range, "Image not resolved", "Image %q is not resolved.", block.Image.Name)
			return nil, false
		}
		p.addImage(image)
		s := plan.Service{
			Name: block.Host, Image: image.Name, Command: block.Command, Env: block.Env, Dir: block.Dir, User: block.User,
			Ready: plan.Ready(block.Ready), Range: config.PlanRange(block.Range),
		}
		if len(s.Command) == 0 {
			s.Command = image.Command
		}
		if s.Dir == "" {
			s.Dir = image.Dir
		}
		if s.Dir == "" {
			s.Dir = "/"
		}
		if s.User == "" {
			s.User = image.User
		}
		if resolved := image.Digest != ""; resolved && len(s.Command) == 0 {
			p.fail(block.Range, "What does this service run?", "The configuration of image %q names no command, so service %q needs command or script.", image.Name, name)
			return nil, false
		}
		out = append(out, s)
	}
	return plan.Addressed(out), true
}

// addImage puts an image into the graph once.
func (p *planner) addImage(image plan.Image) {
	if _, ok := p.graph.Image(image.Name); !ok {
		p.graph.Images = append(p.graph.Images, image)
	}
}
