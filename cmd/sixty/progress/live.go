package progress

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/sixtyhq/sixty/internal/report"
)

// frame is how often the live view is drawn again.
const frame = 100 * time.Millisecond

// width bounds a line of the live view: it must never wrap, since erasing
// counts lines.
const width = 78

func (p *Printer) animate() {
	defer p.stopped.Done()
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.mu.Lock()
			p.erase()
			p.draw()
			p.mu.Unlock()
		}
	}
}

func (p *Printer) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.out, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

func (p *Printer) draw() {
	if len(p.running) == 0 || p.drawn > 0 {
		return
	}
	now := p.now()
	for _, t := range p.running {
		text := fmt.Sprintf("  %-20s %s", t.id, short(now.Sub(t.started)))
		if b := p.budgets[t.stage]; b > 0 {
			text += " of " + short(b)
		}
		if t.line != "" {
			text += "  " + t.line
		}
		fmt.Fprintln(p.out, clip(text))
	}
	fmt.Fprintln(p.out, clip("  "+p.summary(now)))
	p.drawn = len(p.running) + 1
}

// summary is the last line: elapsed time, and what is left as earlier runs
// suggest; nothing is claimed for steps that were never seen.
func (p *Printer) summary(now time.Time) string {
	text := fmt.Sprintf("%s elapsed, %d steps left", short(now.Sub(p.began)), len(p.left))
	var longest time.Duration
	for id := range p.left {
		d, known := p.expected[id]
		if !known {
			return text
		}
		for _, t := range p.running {
			if t.id == id {
				d = max(0, d-now.Sub(t.started))
			}
		}
		longest += d
	}
	if longest > time.Second {
		text += fmt.Sprintf(", about %s to go", short(longest))
	}
	return text
}

func short(d time.Duration) string {
	return report.Duration(d.Round(100 * time.Millisecond).Milliseconds())
}

// clip cuts a line to the view's width and drops control characters, which a
// step's output may hold.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}

func lastLine(data []byte) string {
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	last := bytes.TrimSpace(lines[len(lines)-1])
	if bytes.HasPrefix(last, []byte("{")) {
		return "" // a message for programs, such as cargo's
	}
	return string(last)
}
