package deploy

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
)

// templateVariable is the pipeline's variable for the pack.
const templateVariable = "template"

// Values are the values of variables that come with a request. Later ones win:
// those of the surroundings, then the files beside the pipeline, then those that
// were given, then the template.
type Values struct {
	// Surrounding are those of the environment.
	Surrounding []lang.Given
	// Given are those that were given on purpose, in their order.
	Given []lang.Given
	// Template is the pack of a new crate, a value for a pipeline that has a
	// variable for it; without text: the one that the pipeline names, if any.
	Template lang.Given
}

// Split gives the pipeline's values and the pack's: a name that the pipeline
// declares is the pipeline's, and all others are the pack's.
func (v Values) Split(cfg *config.Config) (pipeline, pack []lang.Given, err error) {
	auto, err := config.AutoValues(cfg.Project)
	if err != nil {
		return nil, nil, Mistake{err}
	}
	for _, g := range slices.Concat(v.Surrounding, auto, v.Given) {
		if declares(cfg, g.Name) {
			pipeline = append(pipeline, g)
		} else {
			pack = append(pack, g)
		}
	}
	if v.Template.Text != "" && declares(cfg, templateVariable) {
		template := v.Template
		template.Name = templateVariable
		pipeline = append(pipeline, template)
	}
	return pipeline, pack, nil
}

func declares(cfg *config.Config, variable string) bool {
	return slices.ContainsFunc(cfg.Variables, func(v lang.Variable) bool { return v.Name == variable })
}
