package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// ServiceBlock is a service block, unevaluated.
type ServiceBlock struct {
	Name  string
	Attrs hcl.Attributes
	Ready *ReadyBlock
	Range hcl.Range
}

// ReadyBlock says when a service is ready.
type ReadyBlock struct {
	Attrs hcl.Attributes
	Range hcl.Range
}

func serviceSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "service", Labels: named, Doc: "a process that steps may have beside them, such as a database",
		Attributes: []lang.AttributeSchema{
			{Name: "image", Type: lang.TypeReference, Refers: []string{"image"}, Required: true, Doc: "its root file system"},
			{Name: "command", Type: lang.TypeStrings, Doc: "what to run, without a shell; default: what the image's configuration says"},
			{Name: "script", Type: lang.TypeString, Doc: "instead of `command`, run by `/bin/sh -euc`; it should end in `exec`, so that the service gets the signal to stop"},
			{Name: "env", Type: lang.TypeStringMap, Doc: "added to the image's environment; no sensitive values"},
			{Name: "dir", Type: lang.TypeString, Doc: "working folder, absolute; default: the image's"},
			{Name: "user", Type: lang.TypeString, Doc: "`NAME` or ID, with `:GROUP` or without, as in the service's own `/etc/passwd`; default: the image's, else root"},
		},
		Blocks: []lang.BlockSchema{{
			Type: "ready", Single: true, Doc: "when it is ready; without one, as soon as it has started",
			Attributes: []lang.AttributeSchema{
				{Name: "tcp", Type: lang.TypeNumber, Doc: "when this port of the service accepts a connection. This or `command`"},
				{Name: "command", Type: lang.TypeStrings, Doc: "when this command, run in the service's file system as its user, ends with zero; it is tried again and again"},
				{Name: "timeout", Type: lang.TypeDuration, Default: `"30s"`, Doc: "how long that may take"},
			},
		}},
	}
}

func decodeService(block *hcl.Block) (ServiceBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(serviceBody)
	s := ServiceBlock{Name: block.Labels[0], Attrs: content.Attributes, Range: block.DefRange}
	if !validHost(s.Name) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid name",
			Detail:  fmt.Sprintf("Steps reach a service by its name, so %q must be a host name: letters, digits and -, at most 63, not localhost.", s.Name),
			Subject: &block.LabelRanges[0]})
	}
	if script, both := content.Attributes["script"]; both && content.Attributes["command"] != nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "What does this service run?",
			Detail: "A service has command or script, or neither to run what its image is for.", Subject: script.NameRange.Ptr()})
	}
	for _, b := range content.Blocks {
		if s.Ready != nil {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate ready block",
				Detail: "A service has at most one ready block.", Subject: &b.DefRange})
			continue
		}
		c, d := b.Body.Content(readyBody)
		diags = append(diags, d...)
		_, tcp := c.Attributes["tcp"]
		_, command := c.Attributes["command"]
		if tcp == command && !d.HasErrors() {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "When is it ready?",
				Detail: "A ready block has exactly one of tcp, a port that must accept a connection, and command, which must end with zero.", Subject: &b.DefRange})
		}
		s.Ready = &ReadyBlock{c.Attributes, b.DefRange}
	}
	return s, diags
}

// validHost reports whether a name is one label of a host name (RFC 1123,
// section 2.1) that has no meaning of its own.
func validHost(name string) bool {
	if len(name) == 0 || len(name) > 63 || name == "localhost" || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for _, r := range name {
		if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// Service is an evaluated service.
type Service struct {
	// Name is unique in the pipeline; Host is what steps reach it by.
	Name, Host string
	Image      *Ref
	// Command is empty for what the image's configuration says.
	Command []string
	Env     []string
	Dir     string
	User    string
	Ready   Ready
	Range   hcl.Range
}

// Ready is an evaluated ready block; the zero value: ready at once.
type Ready struct {
	TCP     int
	Command []string
	Timeout time.Duration
}

// defaultReady is how long a service may take to become ready when its block
// does not say.
const defaultReady = 30 * time.Second

func (b ServiceBlock) evaluate(ctx *hcl.EvalContext) (Service, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	s := Service{Name: b.Name, Host: b.Name, Image: r.ref("image", RefImage), Command: r.strs("command"), Env: r.env("env"),
		Dir: r.absolute("dir"), User: r.str("user"), Ready: Ready{Timeout: defaultReady}, Range: b.Range}
	if script := r.str("script"); script != "" {
		s.Command = []string{"/bin/sh", "-euc", script}
	}
	diags := r.diags
	if b.Ready == nil {
		return s, diags
	}
	rr := &reader{ctx: ctx, attrs: b.Ready.Attrs}
	s.Ready.TCP, s.Ready.Command = rr.port("tcp"), rr.strs("command")
	if timeout := rr.duration("timeout"); timeout > 0 {
		s.Ready.Timeout = timeout
	}
	return s, append(diags, rr.diags...)
}

func (r *reader) port(name string) int {
	val, attr, ok := r.value(name, cty.Number)
	if !ok {
		return 0
	}
	if val, ok = r.plain(val, attr); !ok {
		return 0
	}
	port, exact := val.AsBigFloat().Int64()
	if exact != 0 || !val.AsBigFloat().IsInt() || port < 1 || port > 65535 {
		r.refuse(attr, "%q takes a port, a whole number from 1 to 65535.", name)
		return 0
	}
	return int(port)
}

// services reads the list of a step's services.
func (r *reader) services() []string {
	const want = "\"services\" takes a list of services, such as [service.db]."
	val, attr, ok := r.value("services", cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val.IsMarked() || !val.CanIterateElements() || val.Type().IsObjectType() || val.Type().IsMapType() {
		r.refuse(attr, want)
		return nil
	}
	var names []string
	seen := map[string]bool{}
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		ref := asRef(v)
		switch {
		case ref == nil || ref.Kind != RefService:
			r.refuse(attr, want)
			return nil
		case seen[ref.Name]:
			r.refuse(attr, "The service %q stands twice in the list; it runs once for each step.", ref.Name)
			return nil
		}
		seen[ref.Name] = true
		names = append(names, ref.Name)
	}
	return names
}
