package deploy

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
)

// Mistake is a mistake in how a run was asked for or configured.
type Mistake struct{ Err error }

func (m Mistake) Error() string { return m.Err.Error() }

// Unwrap gives the mistake itself.
func (m Mistake) Unwrap() error { return m.Err }

func mistakef(format string, args ...any) error { return Mistake{fmt.Errorf(format, args...)} }

// DiagnosticsError is diagnostics with the files that they point into.
type DiagnosticsError struct {
	Diagnostics hcl.Diagnostics
	Files       map[string]*hcl.File
}

// Error shows each diagnostic with its place and snippet.
func (e *DiagnosticsError) Error() string {
	var b strings.Builder
	if err := lang.WriteDiagnostics(&b, config.Locate(config.Most(e.Diagnostics), e.Files), e.Files, 0, false); err != nil {
		return e.Diagnostics.Error()
	}
	return strings.TrimSpace(b.String())
}
