package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/lang"
)

// maxSteps bounds a scenario.
const maxSteps = 1000

// file imports either form.
func (i *importer) file(root *node) {
	if root.kind != isMap {
		i.fail(root.at, "No scenario", "A scenario file has a table at its top: scenario: { name, steps }.")
		return
	}
	var steps *node
	if s := root.get("scenario"); s != nil && s.kind == isMap {
		s.taken = true
		steps = i.cleanroom(s)
	} else {
		steps = i.clnrm(root)
	}
	if i.diags.HasErrors() {
		return
	}
	if steps == nil || len(i.out.Steps) == 0 {
		i.fail(root.at, "No steps", "A scenario has a list of steps.")
		return
	}
	i.limit()
}

// limit keeps each step within the time for all.
func (i *importer) limit() {
	for n := range i.out.Steps {
		s := &i.out.Steps[n]
		if all := i.out.Timeout; all > 0 && (s.Timeout == 0 || s.Timeout > all) {
			s.Timeout = all
		}
	}
}

// cleanroom imports the YAML form: scenario: {name, concurrent, timeout_ms,
// steps: [{name, cmd, timeout_ms, parallel, depends}]}.
func (i *importer) cleanroom(s *node) *node {
	i.out.Name = i.str(s, "name")
	i.out.Description = i.str(s, "description")
	i.out.Timeout = i.milliseconds(s, "timeout_ms")
	concurrent := i.boolean(s, "concurrent")
	o := order{concurrent: concurrent}
	return i.steps(s, "steps", func(n *node, step *Step) {
		i.command(n, "cmd", step)
		step.Timeout = i.milliseconds(n, "timeout_ms")
		o.place(step, i.boolean(n, "parallel"))
		i.depend(n, "depends", step)
	})
}

// steps imports a list of steps.
func (i *importer) steps(parent *node, key string, rest func(n *node, s *Step)) *node {
	list := take(parent, key)
	if list == nil {
		return nil
	}
	if list.kind != isList || len(list.list) > maxSteps {
		i.fail(list.at, "Unsuitable value", "%q must be a list of at most %d steps.", key, maxSteps)
		return list
	}
	for _, n := range list.list {
		if n.kind != isMap {
			i.fail(n.at, "Unsuitable value", "A step is a table with a name and a command.")
			continue
		}
		var s Step
		if !i.name(n, &s) {
			continue
		}
		rest(n, &s)
		i.out.Steps = append(i.out.Steps, s)
	}
	return list
}

// depend adds the steps that a step names; they stand before it.
func (i *importer) depend(n *node, key string, s *Step) {
	for _, name := range i.strs(n, key) {
		id, ok := i.ids[name]
		if !ok || id == s.ID {
			var names []string
			for _, other := range i.out.Steps {
				names = append(names, other.Name)
			}
			i.fail(n.get(key).at, "No such step", "There is no step %q before this one.%s", name, lang.DidYouMean(name, names))
			continue
		}
		if !slices.Contains(s.After, id) {
			s.After = append(s.After, id)
		}
	}
}

// order says what steps wait for: nothing in a concurrent scenario; otherwise a
// step waits for those before it, and parallel steps in a row for what the first
// of them waits for.
type order struct {
	concurrent bool
	before     []string // what the current group waits for
	group      []string // steps that run at the same time
	parallel   bool     // the current group takes more steps
}

func (o *order) place(s *Step, parallel bool) {
	if o.concurrent {
		return
	}
	if !parallel || !o.parallel {
		o.before, o.group = o.group, nil
	}
	o.parallel = parallel
	s.After = append(s.After, o.before...)
	o.group = append(o.group, s.ID)
}

// clnrm imports the TOML form: [meta] or [test.metadata], services that are
// images, and [[steps]] or [[scenario]].
func (i *importer) clnrm(root *node) *node {
	meta := take(root, "meta")
	if meta == nil {
		meta = take(take(root, "test"), "metadata")
	}
	i.out.Name = i.str(meta, "name")
	i.out.Description = i.str(meta, "description")
	i.out.Timeout = i.duration(meta, "timeout")
	o := order{concurrent: i.boolean(meta, "concurrent")}
	env := map[string]map[string]string{}
	for _, key := range []string{"services", "service"} {
		i.services(take(root, key), env)
	}
	step := func(n *node, s *Step) {
		s.Timeout = i.duration(n, "timeout")
		i.place(n, s, env)
		i.expectations(n, s)
		o.place(s, false)
		i.depend(n, "depends_on", s)
	}
	steps := i.steps(root, "steps", func(n *node, s *Step) {
		i.command(n, "command", s)
		step(n, s)
	})
	scenarios := i.steps(root, "scenario", func(n *node, s *Step) {
		i.command(n, "run", s)
		step(n, s)
	})
	i.assertions(root)
	if steps == nil {
		return scenarios
	}
	return steps
}

// imageForm is a reference of a registry, as container tools take it.
var imageForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}$`)

// services imports the images of services, and their environment.
func (i *importer) services(services *node, env map[string]map[string]string) {
	if services == nil {
		return
	}
	if services.kind != isMap {
		i.fail(services.at, "Unsuitable value", "Services are tables by name.")
		return
	}
	for _, e := range services.entries {
		e.value.taken = true
		if e.value.kind != isMap {
			i.fail(e.at, "Unsuitable value", "A service is a table with an image.")
			continue
		}
		from := i.str(e.value, "image")
		if !imageForm.MatchString(from) {
			i.fail(e.at, "Service without an image", "The service %q names no image that a registry could have: %q.", e.key, from)
			continue
		}
		i.out.Images = append(i.out.Images, Image{e.key, reference(from)})
		env[e.key] = map[string]string{}
		for _, key := range []string{"environment", "env"} {
			for name, value := range i.env(e.value, key) {
				env[e.key][name] = value
			}
		}
	}
}

// reference completes a name of Docker Hub.
func reference(from string) string {
	host, _, hasHost := strings.Cut(from, "/")
	switch {
	case !hasHost:
		return "docker.io/library/" + from
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		return "docker.io/" + from
	}
	return from
}

// place finds the image that a step runs on: its service's, or the only one.
func (i *importer) place(n *node, s *Step, env map[string]map[string]string) {
	s.Image = i.str(n, "service")
	var names []string
	for _, image := range i.out.Images {
		names = append(names, image.Name)
	}
	switch {
	case s.Image == "" && len(names) == 1:
		s.Image = names[0]
	case s.Image == "" && len(names) > 1:
		i.warn(s.Range, "Which service?", "The step %q names none of the services, so it runs on the image for Rust crates.", s.Name)
	case s.Image != "" && !slices.Contains(names, s.Image):
		i.fail(n.get("service").at, "No such service", "There is no service %q.%s", s.Image, lang.DidYouMean(s.Image, names))
	}
	if len(env[s.Image]) > 0 {
		s.Env = env[s.Image]
	}
}

// expectations imports what a step's command must do.
func (i *importer) expectations(n *node, s *Step) {
	if v := take(n, "expected_exit_code"); v != nil {
		code, ok := v.scalar.(int64)
		if !ok || code < 0 || code > 255 {
			i.fail(v.at, "Unsuitable value", "An exit code is a whole number from 0 to 255.")
		}
		s.Expect.Exit = int(code)
	}
	pattern := func(key string) string {
		text := i.str(n, key)
		if _, err := regexp.Compile(text); err != nil {
			i.fail(n.get(key).at, "Unsuitable value", "%q is no regular expression: %s.", key, err)
		}
		return text
	}
	s.Expect.Output, s.Expect.NoOutput = pattern("expected_output_regex"), pattern("expected_output_regex_not")
}

// assertions takes those that every run of sixty answers: the network of steps
// is off, each step runs, and a budget bounds the time.
func (i *importer) assertions(root *node) {
	if a := root.get("assertions"); a != nil {
		if v := a.get("execution_should_be_hermetic"); v != nil && v.scalar == true {
			v.taken, a.taken = true, true
		}
		if v := a.get("container_should_have_executed_commands"); v != nil && v.scalar == int64(len(i.out.Steps)) {
			v.taken, a.taken = true, true
		}
		if v := a.get("execution_should_complete_within"); v != nil {
			if d := i.duration(a, "execution_should_complete_within"); d > 0 && (i.out.Timeout == 0 || d < i.out.Timeout) {
				i.out.Timeout = d
			}
			a.taken = true
		}
	}
	if e := root.get("expect"); e != nil {
		if h := e.get("hermeticity"); h != nil {
			if v := h.get("no_external_services"); v != nil && v.scalar == true {
				v.taken, h.taken, e.taken = true, true, true
			}
		}
	}
}

// left warns of what nothing has taken.
func (i *importer) left(path string, n *node) {
	for _, e := range n.entries {
		at := path + e.key
		switch {
		case !e.value.taken:
			i.dropped(at, e.at, e.value)
		case e.value.kind == isMap && e.key != "env" && e.key != "environment":
			i.left(at+".", e.value)
		case e.value.kind == isList:
			for k, item := range e.value.list {
				if item.kind == isMap {
					i.left(fmt.Sprintf("%s[%d].", at, k), item)
				}
			}
		}
	}
}

// dropped warns of a key and of all below it, a table at a time.
func (i *importer) dropped(path string, at hcl.Range, n *node) {
	switch {
	case n.kind == isMap:
		var keys []string
		for _, e := range n.entries {
			if e.value.kind != isMap && !hasTables(e.value) {
				keys = append(keys, e.key)
			}
		}
		if len(keys) > 0 || len(n.entries) == 0 {
			i.drop(path, at, keys)
		}
		for _, e := range n.entries {
			if e.value.kind == isMap || hasTables(e.value) {
				i.dropped(path+"."+e.key, e.at, e.value)
			}
		}
	case hasTables(n):
		for k, item := range n.list {
			i.dropped(fmt.Sprintf("%s[%d]", path, k), item.at, item)
		}
	default:
		i.drop(path, at, nil)
	}
}

func hasTables(n *node) bool {
	return n.kind == isList && slices.ContainsFunc(n.list, func(item *node) bool { return item.kind == isMap })
}

// drop warns of one table or key.
func (i *importer) drop(path string, at hcl.Range, keys []string) {
	what := path
	if len(keys) > 0 {
		what += " (" + strings.Join(keys, ", ") + ")"
	}
	first, _, _ := strings.Cut(path, ".")
	first, _, _ = strings.Cut(first, "[")
	_, key := split(path)
	switch {
	case first == "expect" || first == "assertions" || strings.HasPrefix(key, "expect"):
		i.out.Unchecked = append(i.out.Unchecked, what)
		i.warn(at, "Expectation not imported", "%s: sixty can't check this, so what is imported does not pass before you have decided about it.", what)
	case reasons[first] != "":
		i.warn(at, "Not imported", "%s: %s.", what, reasons[first])
	case (first == "service" || first == "services") && (key == "args" || key == "command"):
		i.warn(at, "Not imported", "%s: a service is taken as the image that steps run on; nothing of its own is started. A pipeline's service block can do that.", what)
	default:
		i.warn(at, "Not imported", "%s has no meaning for a pipeline.", what)
	}
}

// reasons say why tables of clnrm have no meaning here.
var reasons = map[string]string{
	"otel":        "sixty neither sends nor reads telemetry",
	"limits":      "sixty puts no bound on memory and processors",
	"determinism": "sixty gives commands no seed and no clock; it caches steps by their inputs",
	"report":      "sixty deploy writes a report of its own form, see --report",
	"vars":        "texts of a scenario are taken as they are; a pipeline has variables of its own",
}

// split is a path without its last key, and that key.
func split(path string) (string, string) {
	if at := strings.LastIndexByte(path, '.'); at >= 0 {
		return path[:at], path[at+1:]
	}
	return "", path
}
