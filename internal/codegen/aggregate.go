package codegen

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// aggregatePath is the file that [templates] aggregate_modules makes.
const aggregatePath = "src/ggen_pack_mods.rs"

// aggregateModules adds a file that mounts every generated src/….rs as a
// module, for a lib.rs that includes it. There is none if no such file is
// generated.
func (r *run) aggregateModules() {
	var mounts []string
	for i := range r.outputs {
		p := r.outputs[i].path
		rel, ok := strings.CutPrefix(p, "src/")
		if !ok || p == aggregatePath || !strings.EqualFold(path.Ext(p), ".rs") {
			continue
		}
		name := strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
				return c
			}
			return '_'
		}, strings.TrimSuffix(rel, ".rs"))
		mounts = append(mounts, fmt.Sprintf("#[path = %q]\npub mod %s;\n", rel, name))
	}
	if len(mounts) == 0 {
		return
	}
	slices.Sort(mounts)
	body := "// The generated modules. Written anew by each run; in lib.rs:\n//     include!(\"ggen_pack_mods.rs\");\n\n" +
		strings.Join(slices.Compact(mounts), "")
	d := &Document{File: "ggen.toml", whole: r.req.project.source, Front: Frontmatter{Force: true, To: r.req.project.text("aggregate_modules")}}
	r.outputs = append(r.outputs, output{path: aggregatePath, content: []byte(body), doc: d})
}
