package advisory

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
	"github.com/pelletier/go-toml/v2"
)

// maxAdvisoryBytes bounds one advisory's file.
const maxAdvisoryBytes = 1 << 20

// Advisory is one entry of the database.
type Advisory struct {
	ID      string `json:"id"`
	Package string `json:"package"`
	Title   string `json:"title"`
	// Date is the day of publication, YYYY-MM-DD.
	Date    string   `json:"date"`
	URL     string   `json:"url,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	// Informational is "unmaintained", "unsound", "notice" or another word
	// where the advisory is not about a vulnerability.
	Informational string `json:"informational,omitempty"`
	CVSS          string `json:"cvss,omitempty"`
	// Severity is "none", "low", "medium", "high" or "critical"; empty where
	// the advisory has no CVSS vector.
	Severity string `json:"severity,omitempty"`
	// Score is the CVSS base score; nil where there is no vector.
	Score      *float64 `json:"score,omitempty"`
	Patched    []string `json:"patched"`
	Unaffected []string `json:"unaffected,omitempty"`
	// Functions are the paths that the advisory says are affected, each with
	// its version requirements.
	Functions map[string][]string `json:"functions,omitempty"`
	// OS and Arch are the platforms that are affected; all where empty.
	OS   []string `json:"os,omitempty"`
	Arch []string `json:"arch,omitempty"`
	// Withdrawn is the day on which the advisory was taken back.
	Withdrawn string `json:"withdrawn,omitempty"`

	source string
	safe   []span
}

// affects reports whether a version lies in none of the safe ranges.
func (a *Advisory) affects(v *semver.Version) bool {
	for _, s := range a.safe {
		if s.contains(v) {
			return false
		}
	}
	return true
}

type frontMatter struct {
	Advisory struct {
		ID            string   `toml:"id"`
		Package       string   `toml:"package"`
		Date          string   `toml:"date"`
		URL           string   `toml:"url"`
		Source        string   `toml:"source"`
		CVSS          string   `toml:"cvss"`
		Aliases       []string `toml:"aliases"`
		Informational string   `toml:"informational"`
		Withdrawn     string   `toml:"withdrawn"`
	} `toml:"advisory"`
	Affected struct {
		OS        []string            `toml:"os"`
		Arch      []string            `toml:"arch"`
		Functions map[string][]string `toml:"functions"`
	} `toml:"affected"`
	Versions *struct {
		Patched    []string `toml:"patched"`
		Unaffected []string `toml:"unaffected"`
	} `toml:"versions"`
}

// The rust collection has entries from before RustSec's numbering.
var idForm = regexp.MustCompile(`^(RUSTSEC|CVE)-[0-9]{4}-[0-9]{4,19}$|^GHSA(-[0-9a-z]{4}){3}$`)

// parseAdvisory reads one advisory: a TOML block, then Markdown whose first
// heading is the title. Unknown keys are let through, as the form grows.
func parseAdvisory(data []byte) (*Advisory, error) {
	if len(data) > maxAdvisoryBytes {
		return nil, fmt.Errorf("%d bytes, more than the limit of %d", len(data), maxAdvisoryBytes)
	}
	front, body, err := splitFrontMatter(string(data))
	if err != nil {
		return nil, err
	}
	var m frontMatter
	if err := toml.Unmarshal([]byte(front), &m); err != nil {
		if de, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, col := de.Position()
			return nil, fmt.Errorf("line %d, column %d: %w", row+1, col, err)
		}
		return nil, err
	}
	a := &Advisory{
		ID: m.Advisory.ID, Package: m.Advisory.Package, Title: title(body), Date: m.Advisory.Date,
		URL: m.Advisory.URL, Aliases: m.Advisory.Aliases, Informational: m.Advisory.Informational,
		CVSS: m.Advisory.CVSS, Functions: m.Affected.Functions, OS: m.Affected.OS, Arch: m.Affected.Arch,
		Withdrawn: m.Advisory.Withdrawn, source: m.Advisory.Source,
	}
	if m.Versions == nil {
		return nil, errors.New("there is no [versions] table")
	}
	a.Patched, a.Unaffected = m.Versions.Patched, m.Versions.Unaffected
	return a, a.complete()
}

func splitFrontMatter(text string) (front, body string, err error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text, ok := strings.CutPrefix(text, "```toml\n")
	if !ok {
		return "", "", errors.New("it does not start with a ```toml block")
	}
	front, body, ok = strings.Cut(text, "\n```")
	if !ok {
		return "", "", errors.New("the ```toml block has no end")
	}
	return front, body, nil
}

func title(body string) string {
	for line := range strings.Lines(body) {
		if t, ok := strings.CutPrefix(line, "# "); ok {
			return strings.TrimSpace(t)
		}
	}
	return ""
}

// complete checks what was read and derives ranges and severity.
func (a *Advisory) complete() error {
	if !idForm.MatchString(a.ID) {
		return fmt.Errorf("id %q is not one of RUSTSEC-YYYY-NNNN, CVE-… or GHSA-…", clip(a.ID))
	}
	if a.Package == "" {
		return errors.New("no package is named")
	}
	for _, day := range []string{a.Date, a.Withdrawn} {
		if day == "" && a.Date != "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("date %q is not of the form YYYY-MM-DD", clip(day))
		}
	}
	for _, list := range [][]string{a.Patched, a.Unaffected} {
		for _, text := range list {
			s, err := parseRequirement(text)
			if err != nil {
				return err
			}
			a.safe = append(a.safe, s)
		}
	}
	if a.CVSS == "" {
		return nil
	}
	score, err := baseScore(a.CVSS)
	if err != nil {
		return err
	}
	a.Score, a.Severity = &score, severity(score)
	return nil
}

// baseScore computes the score of a CVSS vector of version 3.0, 3.1 or 4.0.
func baseScore(vector string) (float64, error) {
	fail := func(err error) (float64, error) {
		return 0, fmt.Errorf("CVSS vector %q: %w", clip(vector), err)
	}
	switch {
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return fail(err)
		}
		return v.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return fail(err)
		}
		return v.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return fail(err)
		}
		return v.Score(), nil
	}
	return fail(errors.New("only versions 3.0, 3.1 and 4.0 are known"))
}

// severity is the qualitative rating of a score. Source:
// https://www.first.org/cvss/v4.0/specification-document, section 6.
func severity(score float64) string {
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return "none"
}
