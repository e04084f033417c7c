// Package scenario turns the scenario files of cleanroom test runners into
// pipelines: those in YAML, with a list of steps under `scenario`, and those of
// clnrm in TOML, with services, steps and expectations.
//
// What has a meaning for a pipeline is imported. What has none is named in a
// warning at its line; and a scenario that expects something that can't be
// checked here becomes a pipeline that does not pass before its author has
// decided about it: a check that did not run is no pass.
package scenario
