package plan

import "time"

// Status is how a step, stage or gate ended.
type Status string

const (
	// StatusPassed: it ran, or an identical run is known, and it succeeded.
	StatusPassed Status = "passed"
	// StatusFailed: it ran and said no.
	StatusFailed Status = "failed"
	// StatusTimedOut: it ran longer than its timeout.
	StatusTimedOut Status = "timed_out"
	// StatusCanceled: it was interrupted.
	StatusCanceled Status = "canceled"
	// StatusSkipped: its condition is false.
	StatusSkipped Status = "skipped"
	// StatusNotRun: something that it needs has failed or is missing.
	StatusNotRun Status = "not_run"
	// StatusError: the engine could not run it.
	StatusError Status = "error"
)

// OK reports whether the status counts as a success.
func (s Status) OK() bool { return s == StatusPassed }

// Ran reports whether the command came to an end, or to its timeout, so that
// what it left behind says something of the crate.
func (s Status) Ran() bool {
	return s == StatusPassed || s == StatusFailed || s == StatusTimedOut
}

// Result is what one step did. Every figure is measured; what was not
// measured is nil.
type Result struct {
	Step   string `json:"step"`
	Stage  string `json:"stage"`
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Reason says why a step was skipped, not run or in error.
	Reason string `json:"reason,omitempty"`
	// ExitCode is nil when the command did not end by itself.
	ExitCode *int `json:"exit_code,omitempty"`
	// Cached says that the engine answered from an earlier identical run.
	Cached bool `json:"cached"`
	// Started and Ended bound the step in this run, cached or not.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Service is set when the step failed for one of its services.
	Service *ServiceFailure `json:"service,omitempty"`
	// Record is what sixty-init measured when the command really ran, which
	// for a cached step was in an earlier run. Its form is that of
	// internal/initrec.
	Record *Record `json:"record,omitempty"`
	// Dir is the folder on the host with stdout, stderr, log, record.json
	// and outputs; empty when nothing could be read.
	Dir string `json:"-"`
	// Key is the step's key.
	Key   string `json:"key,omitempty"`
	Range Range  `json:"range,omitzero"`
}

// Record is the part of sixty-init's record that reports carry.
type Record struct {
	WallMS       int64    `json:"wall_ms"`
	UserMS       int64    `json:"user_cpu_ms"`
	SystemMS     int64    `json:"system_cpu_ms"`
	PeakRSS      int64    `json:"peak_rss_bytes"`
	LoopbackOnly *bool    `json:"loopback_only,omitempty"`
	EnvNames     []string `json:"env_names,omitempty"`
}

// Duration is the time that the step took in this run.
func (r Result) Duration() time.Duration {
	if r.Ended.Before(r.Started) {
		return 0
	}
	return r.Ended.Sub(r.Started)
}
