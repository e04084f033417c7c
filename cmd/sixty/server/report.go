//go:build linux

package server

import (
	"encoding/json"
	"os"
	"syscall"
)

// progress is a line that a server which starts says to the command that
// started it.
type progress struct {
	Ready  bool   `json:"ready,omitempty"`
	Holder string `json:"holder,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Reporter tells the command that started a server how that goes. The command
// may be gone; that is no reason not to serve.
type Reporter struct {
	to       *os.File
	starting *os.File
}

// What a server inherits from the command that starts it: where to report, and
// the lock that keeps other commands from starting one as well.
const (
	reportDescriptor = 3 + iota
	lockDescriptor
)

// Inherited is the reporter of a server that [Connect] has started.
func Inherited() Reporter {
	r := Reporter{os.NewFile(reportDescriptor, "report"), os.NewFile(lockDescriptor, "start lock")}
	// No container may inherit them in turn.
	syscall.CloseOnExec(reportDescriptor)
	syscall.CloseOnExec(lockDescriptor)
	return r
}

func (r Reporter) say(m progress) { json.NewEncoder(r.to).Encode(m) } //nolint:errcheck // see Reporter

// Waiting says that another process holds the engine's state.
func (r Reporter) Waiting(holder string) { r.say(progress{Holder: holder}) }

// Ready says that runs can come, and nothing after it.
func (r Reporter) Ready(Status) {
	r.say(progress{Ready: true})
	r.to.Close()
	r.starting.Close()
}

// Failed says why there is no server.
func (r Reporter) Failed(err error) { r.say(progress{Error: err.Error()}) }
