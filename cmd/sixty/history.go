package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
)

// history is how long steps took in earlier runs, in milliseconds by step, for
// the estimate of what remains. It is a hint: losing it loses nothing.
type history map[string]int64

func historyFile(cache string) string { return filepath.Join(cache, "history.json") }

func readHistory(cache string) history {
	h := history{}
	b, err := os.ReadFile(historyFile(cache))
	if err == nil {
		if json.Unmarshal(b, &h) != nil {
			return history{}
		}
	}
	return h
}

func (h history) durations() map[string]time.Duration {
	out := map[string]time.Duration{}
	for id, ms := range h {
		out[id] = time.Duration(ms) * time.Millisecond
	}
	return out
}

// update takes over what really ran.
func (h history) update(cache string, results []plan.Result) {
	for _, r := range results {
		if r.Status == plan.StatusPassed && !r.Cached {
			h[r.Step] = r.Duration().Milliseconds()
		}
	}
	b, err := json.Marshal(h)
	if err != nil {
		return
	}
	writeFile(historyFile(cache), b) //nolint:errcheck // a hint only
}
