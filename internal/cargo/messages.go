package cargo

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxMessageLine bounds one line of cargo's messages.
	maxMessageLine = 4 << 20
	// maxDiagnostics bounds what is kept; counts go on.
	maxDiagnostics = 2_000
	// maxRendered bounds the text of one diagnostic.
	maxRendered = 8 << 10
	// maxDistinct bounds how many diagnostics are told apart.
	maxDistinct = 1_000_000
)

// Messages is what `cargo … --message-format=json` said. Source:
// https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages
//
// Cargo's exit code says whether a build worked; the stream adds figures.
// Procedural macros, and tests in the same step, can write to it as well, so it
// may hold more than what cargo wrote. They can raise a count of warnings or
// errors and never lower it.
type Messages struct {
	// Success is false where a build-finished message says so, and nil where
	// there is none because cargo was stopped or could not start to build.
	Success *bool `json:"success"`
	// Warnings and Errors are those of the project's own packages. The same
	// one at the same place counts once, for however many targets it came.
	Warnings int `json:"warnings"`
	Errors   int `json:"errors"`
	// ForeignWarnings and ForeignErrors are those of other packages.
	ForeignWarnings int         `json:"foreign_warnings"`
	ForeignErrors   int         `json:"foreign_errors"`
	Lints           []LintCount `json:"lints"`
	// Diagnostics are the own packages' first ones, in the stream's order.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// Executables are the programs that were built, tests among them.
	Executables []Executable `json:"executables"`
	// Compiled and Fresh count artifacts that were made and reused.
	Compiled int `json:"compiled"`
	Fresh    int `json:"fresh"`
	// Unreadable counts lines that begin like a message and are none: cut off,
	// or too long. Figures are then a lower bound.
	Unreadable int `json:"unreadable"`
	// Trailing counts messages after the first build-finished, which cargo does
	// not write: something else has written to the stream.
	Trailing int `json:"trailing"`
}

// LintCount is how often one lint or error code came from own packages.
type LintCount struct {
	// Code is "clippy::needless_return", "dead_code", "E0308"; empty for
	// diagnostics without one.
	Code  string `json:"code"`
	Level string `json:"level"`
	Count int    `json:"count"`
}

// Diagnostic is one finding of the compiler or of clippy.
type Diagnostic struct {
	Package string `json:"package"`
	Level   string `json:"level"` // "warning" or "error"
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	// File is as the compiler names it, most often relative to the workspace;
	// empty, with Line 0, for a diagnostic without a place.
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Rendered string `json:"-"`
}

// Executable is a program that cargo built.
type Executable struct {
	Package string     `json:"package"`
	Target  string     `json:"target"`
	Kind    TargetKind `json:"kind"`
	Path    string     `json:"path"`
	// Test says that it is a test or benchmark program, whatever its kind.
	Test bool `json:"test"`
	// Source is the target's main file as an absolute path.
	Source string `json:"source"`
}

type rawMessage struct {
	Reason    string         `json:"reason"`
	PackageID string         `json:"package_id"`
	Message   *rawDiagnostic `json:"message"`
	Target    struct {
		Name    string   `json:"name"`
		Kind    []string `json:"kind"`
		SrcPath string   `json:"src_path"`
	} `json:"target"`
	Profile struct {
		Test bool `json:"test"`
	} `json:"profile"`
	Executable *string `json:"executable"`
	Fresh      bool    `json:"fresh"`
	Success    *bool   `json:"success"`
}

type rawDiagnostic struct {
	Message  string `json:"message"`
	Level    string `json:"level"`
	Rendered string `json:"rendered"`
	Code     *struct {
		Code string `json:"code"`
	} `json:"code"`
	Spans []struct {
		File      string `json:"file_name"`
		Line      int    `json:"line_start"`
		Column    int    `json:"column_start"`
		ByteStart int    `json:"byte_start"`
		Primary   bool   `json:"is_primary"`
	} `json:"spans"`
}

// ParseMessages reads a stream of cargo's JSON messages. Lines that are none
// are left out.
func ParseMessages(r io.Reader) (*Messages, error) {
	p := messageParser{out: &Messages{Lints: []LintCount{}, Diagnostics: []Diagnostic{}, Executables: []Executable{}}, seen: map[string]bool{}, lints: map[LintCount]int{}}
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		line, cut, err := readLine(br, maxMessageLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read cargo's messages: %w", err)
		}
		if bytes.HasPrefix(line, []byte(`{"reason":`)) {
			p.line(line, cut)
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if len(p.seen) >= maxDistinct {
		return nil, errors.New("cargo's messages: more diagnostics than can be told apart")
	}
	for l, n := range p.lints {
		l.Count = n
		p.out.Lints = append(p.out.Lints, l)
	}
	slices.SortFunc(p.out.Lints, func(a, b LintCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Level, b.Level))
	})
	return p.out, nil
}

type messageParser struct {
	out   *Messages
	seen  map[string]bool
	lints map[LintCount]int // keys have no count
}

func (p *messageParser) line(line []byte, cut bool) {
	var m rawMessage
	if cut || json.Unmarshal(line, &m) != nil {
		p.out.Unreadable++
		return
	}
	if p.out.Success != nil {
		p.out.Trailing++
	}
	switch m.Reason {
	case "compiler-message":
		if m.Message != nil {
			p.diagnostic(m)
		}
	case "compiler-artifact":
		p.artifact(m)
	case "build-finished":
		if m.Success != nil && (p.out.Success == nil || *p.out.Success) {
			p.out.Success = m.Success
		}
	}
}

// summary matches what the compiler prints after its diagnostics.
var summary = regexp.MustCompile(`^(\d+ warnings? emitted|aborting due to .*|could not compile .*)$`)

func (p *messageParser) diagnostic(m rawMessage) {
	d := m.Message
	level := "warning"
	switch {
	case strings.HasPrefix(d.Level, "error"): // also "error: internal compiler error"
		level = "error"
	case d.Level != "warning":
		return
	}
	if d.Code == nil && len(d.Spans) == 0 && summary.MatchString(d.Message) {
		return
	}
	name, own := packageOf(m.PackageID)
	out := Diagnostic{Package: name, Level: level, Message: clipTo(d.Message, maxRendered), Rendered: clipTo(d.Rendered, maxRendered)}
	if d.Code != nil {
		out.Code = clipTo(d.Code.Code, 200)
	}
	offset := 0
	for _, s := range d.Spans {
		if s.Primary {
			out.File, out.Line, out.Column, offset = clipTo(s.File, 4096), s.Line, s.Column, s.ByteStart
			break
		}
	}
	key := fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%d\x00%s", name, level, out.Code, out.File, offset, out.Message)
	if p.seen[key] || len(p.seen) >= maxDistinct {
		return
	}
	p.seen[key] = true
	switch {
	case own && level == "error":
		p.out.Errors++
	case own:
		p.out.Warnings++
	case level == "error":
		p.out.ForeignErrors++
	default:
		p.out.ForeignWarnings++
	}
	if !own {
		return
	}
	p.lints[LintCount{Code: out.Code, Level: level}]++
	if len(p.out.Diagnostics) < maxDiagnostics {
		p.out.Diagnostics = append(p.out.Diagnostics, out)
	}
}

func (p *messageParser) artifact(m rawMessage) {
	if m.Fresh {
		p.out.Fresh++
	} else {
		p.out.Compiled++
	}
	if m.Executable == nil || len(m.Target.Kind) == 0 {
		return
	}
	name, _ := packageOf(m.PackageID)
	p.out.Executables = append(p.out.Executables, Executable{
		Package: name, Target: m.Target.Name, Kind: TargetKind(m.Target.Kind[0]),
		Path: *m.Executable, Test: m.Profile.Test, Source: m.Target.SrcPath,
	})
}

// packageOf gives the name out of a package id, and whether the package is a
// part of the project. There are two forms: "path+file:///dir#name@1.0.0", where
// a name that is the folder's is left out, and, before cargo 1.77,
// "name 1.0.0 (path+file:///dir)".
func packageOf(id string) (name string, own bool) {
	if i := strings.Index(id, " ("); i > 0 {
		name, _, _ = strings.Cut(id[:i], " ")
		return name, strings.HasPrefix(id[i+2:], "path+")
	}
	own = strings.HasPrefix(id, "path+")
	location, fragment, _ := strings.Cut(id, "#")
	if name, _, ok := strings.Cut(fragment, "@"); ok {
		return name, own
	}
	location, _, _ = strings.Cut(location, "?")
	return location[strings.LastIndexByte(location, '/')+1:], own
}

// readLine reads up to the next newline. What is longer than limit is read and
// left out, and cut is set.
func readLine(r *bufio.Reader, limit int) (line []byte, cut bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if room := limit - len(line); len(part) > room {
			part, cut = part[:room], true
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), cut, err
		}
	}
}

// clipTo shortens text to about n bytes, at a character's edge.
func clipTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
