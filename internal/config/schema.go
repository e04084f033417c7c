package config

import "github.com/sixtyhq/sixty/internal/lang"

// Schema describes the whole language: the blocks of a pipeline file, their
// attributes and nested blocks. Its own type is empty.
func Schema() lang.BlockSchema {
	return lang.BlockSchema{
		Doc: "a pipeline file",
		Blocks: []lang.BlockSchema{
			settingsSchema(), lang.VariableSchema(), localsSchema(), imageSchema(), cacheSchema(), secretSchema(), serviceSchema(), stageSchema(), moduleSchema(), gateSchema(), outputSchema(),
		},
	}
}

// What blocks are decoded with.
var (
	rootBody       = Schema().Body()
	settingsBody   = settingsSchema().Body()
	imageBody      = imageSchema().Body()
	debianBody     = imageSchema().Blocks[0].Body()
	cacheBody      = cacheSchema().Body()
	secretBody     = secretSchema().Body()
	serviceBody    = serviceSchema().Body()
	readyBody      = serviceSchema().Blocks[0].Body()
	stageBody      = stageSchema().Body()
	graphBody      = graphSchema().Body()
	stepBody       = stepSchema().Body()
	mountBody      = stepSchema().Blocks[0].Body()
	stepOutputBody = stepSchema().Blocks[1].Body()
	gateBody       = gateSchema().Body()
	outputBody     = outputSchema().Body()
)

var named = []string{"name"}

func settingsSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "sixty", Doc: "settings of the file",
		Attributes: []lang.AttributeSchema{
			{Name: "required_version", Type: lang.TypeString, Literal: true, Doc: "the versions of sixty that the file is for, such as `>= 0.1`; another one refuses it"},
			{Name: "pack_policy", Type: lang.TypeString, Literal: true, Doc: "a [policy](packs.md#signatures) for packs, relative to the pipeline: no pack is rendered without a signature that it accepts"},
		},
	}
}

func localsSchema() lang.BlockSchema {
	return lang.BlockSchema{Type: "locals", Doc: "names for expressions", AnyAttribute: true}
}

func imageSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "image", Labels: named, Doc: "a root file system for steps",
		Attributes: []lang.AttributeSchema{
			{Name: "from", Type: lang.TypeString, Doc: "a reference in a registry, or `oci-layout://FOLDER`. This, a `debian` block or both"},
			{Name: "warm", Type: lang.TypeReference, Refers: []string{"lockfile"}, Doc: "`stage.generation.lockfile`: the image has cargo, and the crate's dependencies are compiled into a layer"},
		},
		Blocks: []lang.BlockSchema{{
			Type: "debian", Single: true, Doc: "how to make the image from Debian's packages; at most one",
			Attributes: []lang.AttributeSchema{
				{Name: "packages", Type: lang.TypeStrings, Required: true, Doc: "what to install beyond a minimal system"},
				{Name: "suite", Type: lang.TypeString, Default: `"bookworm"`, Doc: "the release of Debian"},
				{Name: "exclude", Type: lang.TypeStrings, Doc: "dpkg path patterns of files to leave out"},
				{Name: "include", Type: lang.TypeStrings, Doc: "exceptions to these"},
				{Name: "env", Type: lang.TypeStringMap, Doc: "the environment of steps on the image"},
			},
		}},
	}
}

func cacheSchema() lang.BlockSchema {
	return lang.BlockSchema{Type: "cache", Labels: named, Doc: "a folder that is kept between runs; the block is empty"}
}

func secretSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "secret", Labels: named, Doc: "a value from the environment, a file or a command that a step may mount",
		Attributes: []lang.AttributeSchema{
			{Name: "env", Type: lang.TypeString, Doc: "name of an environment variable, which must be set"},
			{Name: "file", Type: lang.TypeString, Doc: "path of a file, relative to the pipeline or module"},
			{Name: "command", Type: lang.TypeStrings, Doc: "what prints it, without a shell. It runs **on the machine that runs sixty, outside of any container**, and only with `--allow-host-commands`"},
		},
	}
}

func stageSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "stage", Labels: named, Doc: "a group of steps, in the order of the file",
		Attributes: []lang.AttributeSchema{
			{Name: "pack", Type: lang.TypeString, Doc: "concept: the id of the pack"},
			{Name: "version", Type: lang.TypeString, Doc: "concept: a version constraint, such as `\"^1.2\"`"},
			{Name: "vars", Type: lang.TypeMap, Doc: "generation: values for the pack's variables; the caller's win"},
			{Name: "env", Type: lang.TypeStrings, Doc: "generation: names in the environment that templates may read with `get_env`; no others. What they held stands in the record, so no secrets"},
			{Name: "hooks", Type: lang.TypeString, Values: []string{"refuse", "container"}, Default: `"refuse"`, Doc: "generation: `\"container\"` runs the commands that templates name (`sh_before`, `sh_after`) in a container without a network"},
			{Name: "image", Type: lang.TypeReference, Refers: []string{"image"}, Doc: "the image of this stage's steps and of later stages'"},
			{Name: "budget", Type: lang.TypeDuration, Doc: "how long the stage should take. It is compared with the time during which at least one of its steps ran"},
			{Name: "budget_exceeded", Type: lang.TypeString, Values: []string{"warn", "fail"}, Default: `"warn"`, Doc: "`\"warn\"`: shown and reported. `\"fail\"`: a gate of the basic level"},
			{Name: "when", Type: lang.TypeBool, Default: "true", Doc: "`false` skips the stage"},
			{Name: "matrix", Type: lang.TypeLists, Doc: "the stage runs once for every combination, see [below](#many-from-one)"},
			{Name: "exclude", Type: lang.TypeObjects, Doc: "combinations of the matrix to leave out"},
			{Name: "for_each", Type: lang.TypeEach, Doc: "the stage runs once for every element"},
		},
		Blocks: []lang.BlockSchema{graphSchema(), stepSchema()},
	}
}

func graphSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "graph", Doc: "generation: a SPARQL endpoint that templates may query",
		Attributes: []lang.AttributeSchema{
			{Name: "endpoint", Type: lang.TypeString, Required: true, Doc: "the address, `https://…` or `http://…`, without a name or password in it"},
			{Name: "query", Type: lang.TypeString, Doc: "a CONSTRUCT or DESCRIBE: what is taken of it; all of its default graph without one"},
			{Name: "sha256", Type: lang.TypeString, Doc: "the only answer that is accepted, as the report and the record of an earlier run give it"},
			{Name: "timeout", Type: lang.TypeDuration, Default: `"30s"`, Doc: "for each question"},
		},
	}
}

func stepSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "step", Labels: named, Doc: "a step",
		Attributes: []lang.AttributeSchema{
			{Name: "command", Type: lang.TypeStrings, Doc: "what to run, without a shell"},
			{Name: "script", Type: lang.TypeString, Doc: "run by `/bin/sh -euc`"},
			{Name: "uses", Type: lang.TypeString, Doc: "a runner inside sixty instead of a container: `\"audit\"` compares Cargo.lock with the advisory database"},
			{Name: "image", Type: lang.TypeReference, Refers: []string{"image"}, Doc: "instead of the stage's"},
			{Name: "env", Type: lang.TypeStringMap, Doc: "added to the environment; no sensitive values"},
			{Name: "dir", Type: lang.TypeString, Default: `"/src"`, Doc: "working folder, absolute"},
			{Name: "timeout", Type: lang.TypeDuration, Doc: "the step is killed this long after its command has started"},
			{Name: "after", Type: lang.TypeReferences, Refers: []string{"step", "stage"}, Doc: "steps to wait for, whatever their result: `[step.build]`, `[stage.testing.step.build]`; a stage stands for all its steps"},
			{Name: "network", Type: lang.TypeString, Values: []string{"none", "host"}, Default: `"none"`, Doc: "`\"host\"`: the engine's own network. The report names each step that had one"},
			{Name: "metrics", Type: lang.TypeStrings, Doc: "what to read from its output: groups of [report.md](report.md#metrics)"},
			{Name: "when", Type: lang.TypeBool, Default: "true", Doc: "`false` skips the step"},
			{Name: "ahead", Type: lang.TypeBool, Default: "false", Doc: "in a workspace: what members need of each other is compiled before, by the same command in a step `NAME-ahead` that has the sources of those members alone, see [concepts.md](concepts.md#compiled-ahead)"},
			{Name: "services", Type: lang.TypeReferences, Refers: []string{"service"}, Doc: "processes to run beside it, started in this order: `[service.db]`"},
			{Name: "matrix", Type: lang.TypeLists, Doc: "the step runs once for every combination, see [below](#many-from-one)"},
			{Name: "exclude", Type: lang.TypeObjects, Doc: "combinations of the matrix to leave out: `[{ toolchain = \"beta\" }]`"},
			{Name: "for_each", Type: lang.TypeEach, Doc: "the step runs once for every element"},
		},
		Blocks: []lang.BlockSchema{
			{
				Type: "mount", Labels: []string{"path"}, Doc: "something at an absolute path",
				Attributes: []lang.AttributeSchema{
					{Name: "source", Type: lang.TypeReference, Refers: []string{"step.output", "tree"}, Doc: "`step.NAME.output.NAME` of the same stage, `stage.STAGE.step.NAME.output.NAME`, or `stage.generation.tree`"},
					{Name: "cache", Type: lang.TypeReference, Refers: []string{"cache"}, Doc: "`cache.NAME`"},
					{Name: "secret", Type: lang.TypeReference, Refers: []string{"secret"}, Doc: "`secret.NAME`: a file with the value"},
					{Name: "writable", Type: lang.TypeBool, Default: "false", Doc: "a copy that may be written and is discarded; for a cache, the cache itself"},
				},
			},
			{
				Type: "output", Labels: named, Doc: "a file or folder that is kept when the step ends",
				Attributes: []lang.AttributeSchema{
					{Name: "path", Type: lang.TypeString, Required: true, Doc: "absolute"},
					{Name: "optional", Type: lang.TypeBool, Default: "false", Doc: "may be missing. Otherwise a missing output is a failure"},
					{Name: "volume", Type: lang.TypeBool, Default: "false", Doc: "a folder that stays in the engine, for other steps to mount without a copy; it begins as the step's own mount of that path, or empty, and is lost when the step fails"},
				},
			},
		},
		Dynamic: []string{"mount", "output"},
	}
}

func moduleSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "module", Labels: named, Doc: "the pipeline files of another folder, or the pipeline of a [pack](packs.md), with variables and outputs of their own",
		AnyAttribute: true,
		Attributes: []lang.AttributeSchema{
			{Name: "source", Type: lang.TypeString, Required: true, Literal: true, Doc: "the folder, which starts with `./` or `../` and lies in the pipeline's own, or the id of a pack. Every other attribute is the value of a variable of the module"},
			{Name: "version", Type: lang.TypeString, Literal: true, Doc: "of a pack alone: a version constraint, such as `\"^1.2\"`"},
		},
	}
}

func gateSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "gate", Labels: named, Doc: "a condition on what was measured",
		Attributes: []lang.AttributeSchema{
			{Name: "condition", Type: lang.TypeBool, Required: true, Results: true, Doc: "true for a pass"},
			{Name: "level", Type: lang.TypeString, Literal: true, Values: Levels(), Default: `"basic"`, Doc: "the readiness level that asks for it: `\"basic\"`, `\"production\"` or `\"distribution\"`"},
			{Name: "severity", Type: lang.TypeString, Literal: true, Values: []string{"error", "warning"}, Default: `"error"`, Doc: "`\"warning\"`: shown, and keeps no level away"},
			{Name: "message", Type: lang.TypeString, Results: true, Doc: "what is said when the condition is false"},
		},
	}
}

func outputSchema() lang.BlockSchema {
	return lang.BlockSchema{
		Type: "output", Labels: named, Doc: "a value that is shown after the run, or given to who calls the module",
		Attributes: []lang.AttributeSchema{
			{Name: "value", Type: lang.TypeAny, Required: true, Results: true, Doc: "the value"},
			{Name: "description", Type: lang.TypeString, Literal: true, Doc: "what it is"},
			{Name: "sensitive", Type: lang.TypeBool, Literal: true, Default: "false", Doc: "`true`: the value is shown nowhere; needed where it comes from a sensitive one"},
		},
	}
}
