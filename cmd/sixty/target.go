package main

import (
	"strings"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
)

// partial is the gate that keeps a run of some steps from being ready at any
// level; nothing for a whole run.
func (o *runOptions) partial() []verdict.GateResult {
	if len(o.targets) == 0 {
		return nil
	}
	return []verdict.GateResult{{Name: "whole pipeline", Level: config.Levels()[0], Severity: "error", Status: plan.StatusNotRun,
		Message: "only " + strings.Join(o.targets, ", ") + " and what that needs was selected (--target)"}}
}
