package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// perStage is how many steps a stage has: 10,000 of them are 200 stages.
const perStage = 50

// pipeline writes a pipeline of n steps. Each has a command, an environment, and
// an order or the output of the step before it.
func pipeline(n int) string {
	var b strings.Builder
	b.WriteString("variable \"jobs\" {\n  type    = number\n  default = 4\n}\n\nlocals { flags = [\"--locked\", \"--jobs\", var.jobs] }\n\nimage \"base\" { from = \"oci-layout://layout\" }\n")
	for i := range n {
		at := i % perStage
		if at == 0 {
			if i > 0 {
				b.WriteString("}\n")
			}
			fmt.Fprintf(&b, "\nstage \"s%d\" {\n  image = image.base\n", i/perStage)
		}
		fmt.Fprintf(&b, "  step \"t%d\" {\n    command = concat([\"build\", \"part-%d\"], local.flags)\n    env     = { PART = %d }\n", at, i, i)
		switch {
		case at > 0 && at%5 == 0:
			fmt.Fprintf(&b, "    mount \"/in\" { source = step.t%d.output.out }\n", at-1)
		case at > 0:
			fmt.Fprintf(&b, "    after   = [step.t%d]\n", at-1)
		}
		if at%5 == 4 {
			b.WriteString("    output \"out\" { path = \"/out\" }\n")
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n\ngate \"built\" { condition = stage.s0.step.t0.status == \"passed\" }\n")
	return b.String()
}

// bake writes the same work for docker buildx bake: a target for each step, a
// group for each stage and one for all.
func bake(n int) string {
	var b, groups strings.Builder
	b.WriteString("variable \"jobs\" { default = 4 }\n")
	var all []string
	for i := range n {
		at, stage := i%perStage, i/perStage
		if at == 0 {
			if i > 0 {
				groups.WriteString("] }\n")
			}
			fmt.Fprintf(&groups, "group \"s%d\" { targets = [", stage)
			all = append(all, fmt.Sprintf("%q", fmt.Sprintf("s%d", stage)))
		} else {
			groups.WriteString(", ")
		}
		fmt.Fprintf(&groups, "\"s%dt%d\"", stage, at)
		fmt.Fprintf(&b, "target \"s%dt%d\" {\n  context = \".\"\n  target  = \"build\"\n  args    = { PART = %d, FLAGS = \"part-%d --locked --jobs ${jobs}\" }\n", stage, at, i, i)
		if at > 0 {
			fmt.Fprintf(&b, "  contexts = { in = \"target:s%dt%d\" }\n", stage, at-1)
		}
		b.WriteString("}\n")
	}
	groups.WriteString("] }\n")
	fmt.Fprintf(&groups, "group \"default\" { targets = [%s] }\n", strings.Join(all, ", "))
	return b.String() + groups.String()
}

// layout is an OCI image without layers, so that a plan needs no registry.
func layout() map[string]string {
	files := map[string]string{"layout/oci-layout": `{"imageLayoutVersion":"1.0.0"}`}
	blob := func(mediaType, text string) string {
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		files["layout/blobs/sha256/"+sum] = text
		return fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.%s+json","digest":"sha256:%s","size":%d}`, mediaType, sum, len(text))
	}
	config := blob("config.v1", `{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":[]}}`)
	manifest := blob("manifest.v1", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":`+config+`,"layers":[]}`)
	files["layout/index.json"] = `{"schemaVersion":2,"manifests":[` + manifest + `]}`
	return files
}
