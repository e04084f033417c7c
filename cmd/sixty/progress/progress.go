// Package progress shows a run while it happens: plain lines, a live view on a
// terminal, or JSON events for programs.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// Mode is how a run is shown.
type Mode string

// The modes of --progress.
const (
	Plain Mode = "plain"
	TTY   Mode = "tty"
	JSON  Mode = "json"
	Quiet Mode = "quiet"
)

// Printer shows one run. Its methods may be called from any goroutine.
type Printer struct {
	mode  Mode
	out   io.Writer
	color bool
	now   func() time.Time

	mu       sync.Mutex
	budgets  map[string]time.Duration // by stage
	expected map[string]time.Duration // by step, from earlier runs
	began    time.Time
	running  []task
	left     map[string]bool // steps that have not ended
	drawn    int             // lines of the live view on the screen
	stop     chan struct{}
	stopped  sync.WaitGroup
}

type task struct {
	id, stage string
	started   time.Time
	line      string // the last line that it printed
}

// New returns a printer. expected are the durations of earlier runs by step,
// which may be empty.
func New(mode Mode, out io.Writer, color bool, expected map[string]time.Duration) *Printer {
	p := &Printer{mode: mode, out: out, color: color, now: time.Now, expected: expected,
		budgets: map[string]time.Duration{}, left: map[string]bool{}, stop: make(chan struct{})}
	p.began = p.now()
	if mode == TTY {
		p.stopped.Add(1)
		go p.animate()
	}
	return p
}

// event is one line of JSON progress.
type event struct {
	Time       time.Time   `json:"time"`
	Type       string      `json:"type"`
	Step       string      `json:"step,omitempty"`
	Stage      string      `json:"stage,omitempty"`
	Status     plan.Status `json:"status,omitempty"`
	Cached     bool        `json:"cached,omitempty"`
	DurationMS int64       `json:"duration_ms,omitempty"`
	Stream     string      `json:"stream,omitempty"`
	Text       string      `json:"text,omitempty"`
}

func (p *Printer) emit(e event) {
	e.Time = p.now().UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return
	}
	p.out.Write(append(b, '\n')) //nolint:errcheck // progress is best effort
}

// Plan tells the printer what will run.
func (p *Printer) Plan(g *plan.Graph) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range g.Stages {
		p.budgets[s.Name] = s.Budget
		for _, step := range s.Steps {
			p.left[step.ID] = true
		}
	}
}

// Note shows a line that belongs to no step.
func (p *Printer) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if p.mode == JSON {
		p.emit(event{Type: "note", Text: text})
		return
	}
	p.line(text)
}

// Started shows that a step has started.
func (p *Printer) Started(id, stage string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, task{id: id, stage: stage, started: p.now()})
	switch p.mode {
	case JSON:
		p.emit(event{Type: "step_started", Step: id, Stage: stage})
	case Plain:
		p.line(fmt.Sprintf("%-22s started", id))
	case TTY:
		p.draw()
	}
}

// Ended shows a step's result.
func (p *Printer) Ended(r plan.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, r.Step)
	for i, t := range p.running {
		if t.id == r.Step {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	if p.mode == JSON {
		p.emit(event{Type: "step_ended", Step: r.Step, Stage: r.Stage, Status: r.Status, Cached: r.Cached,
			DurationMS: r.Duration().Milliseconds(), Text: r.Reason})
		return
	}
	text := fmt.Sprintf("%-22s %s", r.Step, p.paint(r.Status))
	switch {
	case r.Cached:
		text += ", cached"
	case r.Status == plan.StatusSkipped || r.Status == plan.StatusNotRun:
	default:
		text += " in " + report.Duration(r.Duration().Milliseconds())
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	p.line(text)
}

// Log shows what a step prints. Plain and live views keep it for the end,
// where a failure's last lines are shown; JSON passes it on.
func (p *Printer) Log(id string, stderr bool, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.mode {
	case JSON:
		stream := "stdout"
		if stderr {
			stream = "stderr"
		}
		p.emit(event{Type: "step_log", Step: id, Stream: stream, Text: string(data)})
	case TTY:
		for i := range p.running {
			if p.running[i].id == id {
				if l := lastLine(data); l != "" {
					p.running[i].line = l
				}
			}
		}
	}
}

// Close ends the live view.
func (p *Printer) Close() {
	if p.mode == TTY {
		close(p.stop)
		p.stopped.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.erase()
	}
}

// paint writes a status, in colour where there is one.
func (p *Printer) paint(s plan.Status) string { return Paint(s, p.color) }

// Paint writes a status, coloured when color is set.
func Paint(s plan.Status, color bool) string {
	word := report.Word(s)
	if !color {
		return word
	}
	code := "33"
	switch s {
	case plan.StatusPassed:
		code = "32"
	case plan.StatusFailed, plan.StatusTimedOut, plan.StatusError, plan.StatusCanceled:
		code = "31"
	}
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}

// line prints above the live view.
func (p *Printer) line(text string) {
	if p.mode == Quiet {
		return
	}
	p.erase()
	fmt.Fprintln(p.out, text)
	if p.mode == TTY {
		p.draw()
	}
}
