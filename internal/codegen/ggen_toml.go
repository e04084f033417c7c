package codegen

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// ggenFrontmatterFile is a ggen.toml whose templates carry frontmatter.
type ggenFrontmatterFile struct {
	Project struct {
		Name        string   `toml:"name"`
		Version     string   `toml:"version"`
		Description string   `toml:"description"`
		Authors     []string `toml:"authors"`
		License     string   `toml:"license"`
	} `toml:"project"`
	Ontology struct {
		Source   string            `toml:"source"`
		Prefixes map[string]string `toml:"prefixes"`
	} `toml:"ontology"`
	Packs     map[string]ggenPack `toml:"packs"`
	Templates struct {
		Dir              string `toml:"dir"`
		AggregateModules bool   `toml:"aggregate_modules"`
	} `toml:"templates"`
	Law struct {
		Rules     []string `toml:"rules"`
		Shapes    []string `toml:"shapes"`
		Gates     []string `toml:"gates"`
		Reflexive bool     `toml:"reflexive"`
	} `toml:"law"`
}

type ggenPack struct {
	Path    string   `toml:"path"`
	Extra   []string `toml:"extra_ontologies"`
	Lock    *bool    `toml:"lock"`
	Git     string   `toml:"git"`
	Version string   `toml:"version"`
	Subdir  string   `toml:"subdir"`
}

// ggenRulesFile is a ggen.toml of [[generation.rules]]. Tables that only
// configure ggen itself are read and have no effect.
type ggenRulesFile struct {
	Project struct {
		Name        string   `toml:"name"`
		Version     string   `toml:"version"`
		Description string   `toml:"description"`
		Authors     []string `toml:"authors"`
		License     string   `toml:"license"`
		Repository  string   `toml:"repository"`
	} `toml:"project"`
	Ontology struct {
		Source       string            `toml:"source"`
		Imports      []string          `toml:"imports"`
		BaseIRI      string            `toml:"base_iri"`
		Prefixes     map[string]string `toml:"prefixes"`
		StandardOnly bool              `toml:"standard_only"`
	} `toml:"ontology"`
	Inference struct {
		Rules []struct {
			Name        string `toml:"name"`
			Description string `toml:"description"`
			Construct   string `toml:"construct"`
			Order       int    `toml:"order"`
			When        string `toml:"when"`
		} `toml:"rules"`
		Timeout int64 `toml:"max_reasoning_timeout_ms"`
	} `toml:"inference"`
	Generation struct {
		Rules      []ggenRule `toml:"rules"`
		Timeout    int64      `toml:"max_sparql_timeout_ms"`
		AuditTrail bool       `toml:"require_audit_trail"`
		Salt       string     `toml:"determinism_salt"`
		OutputDir  string     `toml:"output_dir"`
		EnableLLM  bool       `toml:"enable_llm"`
		Provider   string     `toml:"llm_provider"`
		Model      string     `toml:"llm_model"`
	} `toml:"generation"`
	Validation struct {
		SHACL          []string `toml:"shacl"`
		Gates          []string `toml:"gates"`
		ValidateSyntax bool     `toml:"validate_syntax"`
		NoUnsafe       bool     `toml:"no_unsafe"`
		StrictMode     bool     `toml:"strict_mode"`
		Rules          []struct {
			Name        string `toml:"name"`
			Description string `toml:"description"`
			Ask         string `toml:"ask"`
			Severity    string `toml:"severity"`
		} `toml:"rules"`
	} `toml:"validation"`
	Packs []struct {
		Name     string `toml:"name"`
		Registry string `toml:"registry"`
		Path     string `toml:"path"`
		Version  string `toml:"version"`
	} `toml:"packs"`
	Law struct {
		Rules []string `toml:"rules"`
	} `toml:"law"`

	Sync        any `toml:"sync"`
	Output      any `toml:"output"`
	RDF         any `toml:"rdf"`
	Templates   any `toml:"templates"`
	AI          any `toml:"ai"`
	Sparql      any `toml:"sparql"`
	Lifecycle   any `toml:"lifecycle"`
	Security    any `toml:"security"`
	Performance any `toml:"performance"`
	Logging     any `toml:"logging"`
	Telemetry   any `toml:"telemetry"`
	Features    any `toml:"features"`
	Env         any `toml:"env"`
	Build       any `toml:"build"`
	Test        any `toml:"test"`
	Package     any `toml:"package"`
	MCP         any `toml:"mcp"`
	A2A         any `toml:"a2a"`
}

type ggenRule struct {
	Name       string     `toml:"name"`
	Query      ggenSource `toml:"query"`
	Template   ggenSource `toml:"template"`
	OutputFile string     `toml:"output_file"`
	SkipEmpty  bool       `toml:"skip_empty"`
	Mode       string     `toml:"mode"`
	When       string     `toml:"when"`
}

// ggenSource is where a query or a template comes from.
type ggenSource struct {
	File    string `toml:"file"`
	Inline  string `toml:"inline"`
	Pack    string `toml:"pack"`
	Output  string `toml:"output"`
	Git     string `toml:"git"`
	Branch  string `toml:"branch"`
	Path    string `toml:"path"`
	Package string `toml:"package"`
	Version string `toml:"version"`
}

// decode reads ggen.toml into v; strict refuses keys that v does not have.
func (p *Project) decode(v any, strict bool) error {
	dec := toml.NewDecoder(strings.NewReader(p.source))
	if strict {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(v)
	if err == nil {
		return nil
	}
	at := func(row, col int, msg string) *Error {
		return &Error{File: "ggen.toml", Line: row, Column: col, Snippet: lineOf(p.source, row), Message: msg}
	}
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var faults []error
		for i := range unknown.Errors {
			row, col := unknown.Errors[i].Position()
			faults = append(faults, at(row, col, "unknown key "+strings.Join(unknown.Errors[i].Key(), ".")))
		}
		return errors.Join(faults...)
	}
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		row, col := syntax.Position()
		return at(row, col, strings.TrimPrefix(syntax.Error(), "toml: "))
	}
	return &Error{File: "ggen.toml", Message: err.Error(), Err: err}
}
