package depcheck

// rule is a row of the layout: what the packages below a folder may import.
type rule struct {
	// folder is the package's folder in the repository, and all below it. Of
	// several rules that fit, the longest counts.
	folder string
	// ours are folders of the project, each with all below it. The rule's own
	// folder is always allowed.
	ours []string
	// others are import paths of other projects, each with all below it; nil
	// means that the rule says nothing of them, and none that there are none.
	others []string
	// exceptions are imports beyond the layout, with the reason for each. One
	// that no package needs any more is an error.
	exceptions map[string]string
}

// none is the list of other projects of a package that lives on the standard
// library.
var none = []string{}

// hcl is the configuration language and its type system.
var hcl = []string{"github.com/hashicorp/hcl/v2", "github.com/zclconf/go-cty"}

var rules = []rule{
	// Values that flow through a run. Each imports what lies to its left.
	{folder: "internal/lang", others: hcl, exceptions: map[string]string{
		"github.com/agext/levenshtein":   "nearest names in messages",
		"github.com/zclconf/go-cty-yaml": "the functions yamldecode and yamlencode",
	}},
	{folder: "internal/config", others: hcl, exceptions: map[string]string{
		"internal/lang": "variables and functions are shared with packs",
		"internal/plan": "for plan.Range alone: the place of a block in a plan",
	}},
	{folder: "internal/diagjson", ours: []string{"internal/lang"}, others: hcl},
	{folder: "internal/scenario", ours: []string{"internal/lang"}, others: append([]string{"github.com/goccy/go-yaml", "github.com/pelletier/go-toml/v2"}, hcl...)},
	{folder: "internal/plan", others: none},
	{folder: "internal/run", ours: []string{"internal/plan"}, others: none},
	{folder: "cache", ours: []string{"internal/plan"}, others: none},
	{folder: "internal/verdict", ours: []string{"internal/config", "internal/plan"}, others: hcl},
	{folder: "internal/lastrun", ours: []string{"internal/plan"}, others: none},
	{folder: "internal/preview", ours: []string{"internal/plan", "internal/lastrun"}, others: none, exceptions: map[string]string{
		"internal/report": "durations and statuses in words",
	}},
	{folder: "internal/picture", ours: []string{"internal/plan", "internal/preview"}, others: none, exceptions: map[string]string{
		"internal/report": "durations and statuses in words",
	}},
	{folder: "internal/reference", ours: []string{"internal/lang", "internal/verdict"}, others: none},
	{folder: "internal/report", ours: []string{"internal/plan", "internal/verdict"}, others: none},

	// What stages are made of.
	{folder: "internal/market", ours: []string{"internal/tera", "internal/rdf", "internal/sparql"}, exceptions: map[string]string{
		"internal/lang": "a pack's variables are the pipeline's",
	}},
	{folder: "internal/codegen", ours: []string{"internal/tera", "internal/rdf", "internal/sparql"}, exceptions: map[string]string{
		"internal/lang":   "nearest names in messages",
		"internal/remote": "what endpoints answered is an input of a run, and in its record",
		"internal/shacl":  "the frontmatter key shape",
	}},
	{folder: "internal/remote", ours: []string{"internal/rdf", "internal/sparql"}, others: none},
	{folder: "internal/cargo", others: []string{"github.com/pelletier/go-toml/v2", "github.com/Masterminds/semver/v3"}},
	{folder: "internal/cargo/vendor", others: none},
	{folder: "internal/advisory", others: []string{"github.com/pelletier/go-toml/v2", "github.com/Masterminds/semver/v3", "github.com/pandatix/go-cvss"}},
	{folder: "internal/crate", ours: []string{"internal/blob", "internal/cargo"}, others: hcl},
	{folder: "internal/blob", others: none},
	{folder: "internal/download", others: none},

	// Libraries that know nothing of sixty.
	{folder: "internal/tera", others: none},
	{folder: "internal/rdf", others: none, exceptions: map[string]string{
		"github.com/piprate/json-gold": "JSON-LD: a specification of its own that a library keeps well",
	}},
	{folder: "internal/sparql", ours: []string{"internal/rdf"}, others: none},
	{folder: "internal/shacl", ours: []string{"internal/rdf"}, others: none},
	{folder: "attest"}, // sigstore, HCL for policies, libraries for SBOMs; nothing of ours

	// The stages.
	{folder: "stages", ours: []string{"internal/config", "internal/plan", "internal/market", "internal/codegen", "internal/cargo", "internal/advisory"}, others: hcl, exceptions: map[string]string{
		"internal/blob":    "the source tree enters a plan as a blob",
		"internal/initrec": "the variable by which sixty-init is a compiler's wrapper",
		"internal/crate":   "the crate at hand",
		"internal/verdict": "the schema of the metrics that gates are checked against",
		"internal/lang":    "values for a pack's variables",
		"internal/remote":  "the SPARQL endpoints that a pipeline allows a generation to ask",
		"examples/packs":   "the packs that ship with sixty",
	}},
	{folder: "examples/packs", others: none},

	// What both mains wire, and the engine of the Dagger module.
	{folder: "internal/deploy", ours: []string{"internal/blob", "internal/initrec", "internal/cargo", "internal/codegen", "internal/config", "internal/crate", "internal/lang", "internal/market", "internal/plan", "internal/preview", "internal/remote", "internal/report", "internal/run", "internal/verdict", "stages"}, others: append([]string{"github.com/Masterminds/semver/v3"}, hcl...)},
	{folder: "internal/provenance", ours: []string{"internal/advisory", "internal/codegen", "internal/config", "internal/crate", "internal/deploy", "internal/initrec", "internal/plan", "internal/report", "stages"}, others: hcl},
	{folder: "internal/module", ours: []string{"internal", "stages"}, others: none},
	{folder: "internal/daggerlocal", others: []string{"github.com/dagger/querybuilder", "github.com/Khan/genqlient", "github.com/vektah/gqlparser/v2"}},
	{folder: "internal/dagger", ours: []string{"internal/daggerlocal"}}, // an engine puts its own client there
	{folder: "internal/stepspec", ours: []string{"internal/plan", "internal/initrec"}, others: none},
	{folder: "internal/daggerengine", ours: []string{"internal/plan", "internal/dagger", "internal/initrec", "internal/stepspec", "internal/blob"}, others: none},

	// The Dagger module.
	{folder: "", ours: []string{"internal/dagger", "internal/module", "internal/market"}, others: none},

	{folder: "examples/go", others: []string{"github.com/dagger/querybuilder", "github.com/Khan/genqlient"}},

	// In every container.
	{folder: "internal/initrec", others: none},
	{folder: "cmd/sixty-init", ours: []string{"internal/initrec", "internal/cargo/vendor", "internal/download"}, others: []string{"golang.org/x/sys"}},

	// The command, which wires packages together. Its parts do not.
	{folder: "cmd/sixty", ours: []string{"attest", "cache", "internal", "stages"}},
	{folder: "cmd/sixty/buildkit", ours: []string{"internal/plan", "internal/initrec", "internal/stepspec"}},
	{folder: "cmd/sixty/server", ours: []string{"cmd/sixty/buildkit"}},
	{folder: "cmd/sixty/crates", ours: []string{"internal/blob", "internal/download", "internal/plan"}, others: []string{"github.com/google/renameio/v2"}},
	{folder: "cmd/sixty/warm", ours: []string{"internal/plan"}, others: []string{"github.com/google/renameio/v2"}, exceptions: map[string]string{
		"stages/setup": "the steps that compile dependencies",
	}},
	{folder: "cmd/sixty/image", ours: none},
	{folder: "cmd/sixty/retention", ours: none, others: []string{"golang.org/x/sys"}},
	{folder: "cmd/sixty/console", ours: []string{"internal/lang"}, others: hcl},
	{folder: "cmd/sixty/predicate", ours: []string{"attest", "internal/report"}, others: none},
	{folder: "cmd/sixty/packpolicy", ours: []string{"attest"}, others: hcl},
	{folder: "cmd/sixty/attestation", ours: []string{"attest", "cmd/sixty/predicate", "internal/blob", "internal/report"}, others: none},
	{folder: "cmd/sixty/reportsigner", ours: []string{"attest", "cmd/sixty/attestation", "cmd/sixty/packpolicy", "internal/report"}, others: append([]string{"github.com/sigstore/sigstore-go"}, hcl...)},
	{folder: "cmd/sixty/lsp", ours: []string{"internal/lang"}},
	{folder: "cmd/sixty/progress", ours: []string{"internal/plan", "internal/report"}, others: none},
	{folder: "cmd/sixty/packindex", ours: []string{"internal/market"}},
	{folder: "cmd/sixty/packregistry", ours: []string{"internal/market"}},

	// What measures the command from outside.
	{folder: "bench", ours: []string{"internal/cargo", "internal/crate"}, others: none},

	// Tests of the repository itself.
	{folder: "internal/depcheck", others: none},
	{folder: "internal/docs", others: none},
	{folder: "internal/daggertest", others: []string{"github.com/vektah/gqlparser/v2"}},
	{folder: "internal/enginetest", ours: []string{"internal/report"}, others: []string{"github.com/google/go-cmp"}},
}

// heavy are projects that no package of the root module may need, and why: the
// Dagger engine builds that module on every load.
var heavy = map[string]string{
	"github.com/sigstore":                    "signing and verification",
	"github.com/moby/buildkit":               "the engine",
	"github.com/containerd/containerd":       "the engine",
	"modernc.org/sqlite":                     "a database",
	"github.com/google/go-containerregistry": "a registry client",
	"cloud.google.com/go":                    "a KMS client",
	"github.com/aws":                         "a KMS client",
	"github.com/Azure":                       "a KMS client",
	"github.com/hashicorp/vault":             "a KMS client",
}
