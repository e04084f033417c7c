package stages

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
)

// NotSelected is the reason of steps that are neither a target nor needed by
// one.
const NotSelected = "it was not selected (--target)"

// Select limits a graph to some steps and all that they need: the steps whose
// outputs they mount, and so on. All others are skipped. What a step names in
// after is ordering only, so it is not needed.
//
// A target is a step's ID, such as testing.test, a pattern of IDs as in
// [path.Match], such as testing.test-*, or the name of a stage or module for all
// of its steps. What has instances may be named by its block, for all of them. The error names a target that fits no step, or only steps that do not
// run anyway. Without targets the graph stays as it is.
func Select(g *plan.Graph, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	steps := map[string]*plan.Step{}
	var ids []string
	for i := range g.Stages {
		for j := range g.Stages[i].Steps {
			s := &g.Stages[i].Steps[j]
			steps[s.ID] = s
			ids = append(ids, s.ID)
		}
	}
	wanted := map[string]bool{}
	var want func(id string)
	want = func(id string) {
		if step := steps[id]; step != nil && !wanted[id] {
			wanted[id] = true
			for _, input := range step.Inputs() {
				want(input)
			}
		}
	}
	for _, target := range targets {
		found, err := targeted(g, target)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("--target %s: there is no such step.%s", target, lang.DidYouMean(target, ids))
		}
		if !slices.ContainsFunc(found, func(s plan.Step) bool { return s.Skipped == "" }) {
			return fmt.Errorf("--target %s: the step does not run: %s", target, found[0].Skipped)
		}
		for _, s := range found {
			want(s.ID)
		}
	}
	for i := range g.Stages {
		stage := &g.Stages[i]
		some := len(stage.Steps) == 0
		for j := range stage.Steps {
			s := &stage.Steps[j]
			if !wanted[s.ID] && s.Skipped == "" {
				s.Skipped = NotSelected
			}
			some = some || s.Skipped == ""
		}
		if !some && stage.Skipped == "" {
			stage.Skipped = NotSelected
		}
	}
	return nil
}

// targeted are the steps that a target fits.
func targeted(g *plan.Graph, target string) ([]plan.Step, error) {
	if _, err := path.Match(target, ""); err != nil {
		return nil, fmt.Errorf("--target %s: %w", target, err)
	}
	var found []plan.Step
	for _, stage := range g.Stages {
		for _, s := range stage.Steps {
			declared := strings.TrimPrefix(stage.Module+"."+stage.Declared(), ".")
			fits, _ := path.Match(target, s.ID)
			if fits || target != "" && slices.Contains([]string{s.ID, stage.Name, declared, declared + "." + s.Declared(), stage.Module}, target) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}
