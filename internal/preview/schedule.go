package preview

import (
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// Schedule is how the run is expected to go if every step executes, from how
// long the steps took when they last did.
type Schedule struct {
	// Width is how many steps run at once.
	Width    int   `json:"width"`
	LengthMS int64 `json:"length_ms"`
	// CriticalPath is the chain of steps that takes longest.
	CriticalPath []string `json:"critical_path"`
	CriticalMS   int64    `json:"critical_path_ms"`
	// Guessed counts the steps that have not been timed yet; each is taken to
	// last a second.
	Guessed int    `json:"guessed"`
	Steps   []Slot `json:"steps"`
}

// Slot is a step's place in a schedule, from the beginning of the run.
type Slot struct {
	Step    string `json:"step"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

func schedule(s plan.Schedule) *Schedule {
	out := &Schedule{Width: s.Width, LengthMS: s.Length.Milliseconds(), CriticalPath: append([]string{}, s.Critical...),
		CriticalMS: s.CriticalLength.Milliseconds(), Guessed: s.Guessed, Steps: []Slot{}}
	for _, slot := range s.Steps {
		out.Steps = append(out.Steps, Slot{slot.Step, slot.Start.Milliseconds(), slot.End.Milliseconds()})
	}
	return out
}

// text is the schedule in two lines.
func (s *Schedule) text() string {
	if s == nil || len(s.Steps) == 0 {
		return ""
	}
	guessed := ""
	if s.Guessed > 0 {
		guessed = fmt.Sprintf(" (%s not timed yet, taken as 1 s each)", count(s.Guessed, "step"))
	}
	return fmt.Sprintf("If every step executes: about %s, %d at once%s.\nThe longest chain: %s, about %s.\n",
		report.Duration(s.LengthMS), s.Width, guessed, strings.Join(s.CriticalPath, " → "), report.Duration(s.CriticalMS))
}
