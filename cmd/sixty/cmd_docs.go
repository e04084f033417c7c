package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/internal/reference"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages"
)

// schemaNames are the JSON Schemas that sixty docs prints.
var schemaNames = []string{"pipeline", "plan", "report"}

func (a *app) docsCommand() *cobra.Command {
	schema, man := "", ""
	commands := false
	cmd := &cobra.Command{
		Use:   "docs [TOPIC]",
		Short: "Look up the pipeline language, the commands and the JSON Schemas",
		Long: `Prints the reference of the pipeline language as Markdown: every block with its
attributes, every function and every metric. It is made from the very tables that
pipelines are read with.

TOPIC is one block (step, stage.step.mount), one function (join) or one group of
metrics (tests).

--commands prints the reference of the commands instead, --man writes a manual
page for each into a folder, and --schema prints a JSON Schema: of pipeline files
in JSON (pipeline), of sixty plan --json (plan) or of report.json (report).`,
		Example: `  sixty docs step
  sixty docs regex_replace
  sixty docs > language.md
  sixty docs --schema pipeline > pipeline.schema.json
  sudo sixty docs --man /usr/local/share/man/man1`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return topics(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ways := len(args)
			for _, given := range []bool{schema != "", man != "", commands} {
				if given {
					ways++
				}
			}
			switch {
			case ways > 1:
				return usagef("TOPIC, --commands, --man and --schema exclude each other")
			case schema != "":
				return a.printSchema(schema)
			case man != "":
				return writeManual(cmd.Root(), man)
			case commands:
				fmt.Fprint(a.stdout, commandReference(cmd.Root()))
			case len(args) > 0:
				return a.printTopic(args[0])
			default:
				fmt.Fprint(a.stdout, languageReference())
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&commands, "commands", false, "print the reference of the commands")
	f.StringVar(&man, "man", "", "folder to write manual pages into")
	f.StringVar(&schema, "schema", "", "print a JSON Schema: pipeline, plan or report")
	completeWords(cmd, "schema", schemaNames...)
	return cmd
}

// languageReference is the reference page of the language.
func languageReference() string {
	return reference.Page(config.Schema(), lang.Functions("."), stages.Metrics())
}

func (a *app) printSchema(name string) error {
	var text []byte
	switch name {
	case "pipeline":
		var err error
		if text, err = reference.PipelineSchema(config.Schema()); err != nil {
			return err
		}
	case "plan":
		text = preview.Schema
	case "report":
		text = report.Schema
	default:
		return usagef("--schema is %s, not %q.%s", strings.Join(schemaNames, ", "), name, lang.DidYouMean(name, schemaNames))
	}
	_, err := a.stdout.Write(text)
	return err
}

// topics are what sixty docs can be asked about.
func topics() []string {
	var out []string
	for _, b := range reference.Blocks(config.Schema()) {
		out = append(out, b.Path)
	}
	for _, f := range lang.Functions(".") {
		out = append(out, f.Name)
	}
	out = append(out, stages.Metrics().Groups()...)
	slices.Sort(out)
	return slices.Compact(out)
}

// printTopic describes all that has a name: a block by its path or type, a
// function, a group of metrics.
func (a *app) printTopic(name string) error {
	var parts []string
	for _, b := range reference.Blocks(config.Schema()) {
		if b.Path == name || b.Schema.Type == name {
			parts = append(parts, fmt.Sprintf("# %s\n\n%s\n", b.Path, reference.Section(b)))
		}
	}
	for _, f := range lang.Functions(".") {
		if f.Name == name {
			parts = append(parts, fmt.Sprintf("# %s\n\n%s\n\nExample: `%s`\n", reference.Signature(f), f.Description, f.Example))
		}
	}
	if fields, ok := stages.Metrics()[name]; ok {
		text := "# metrics." + name + "\n\n"
		for _, f := range fields {
			unit := ""
			if f.Unit != "" {
				unit = " (" + f.Unit + ")"
			}
			text += fmt.Sprintf("- `metrics.%s.%s`%s: %s\n", name, f.Name, unit, f.Description)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return usagef("there is no block, function or group of metrics called %q.%s", name, lang.DidYouMean(name, topics()))
	}
	fmt.Fprint(a.stdout, strings.Join(parts, "\n"))
	return nil
}

// writeManual writes a manual page for each command into a folder.
func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("make the folder of manual pages: %w", err)
	}
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "sixty " + version, Manual: "sixty"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	return nil
}

// commandReference is the reference page of all commands.
func commandReference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `sixty COMMAND --help` prints, made by `sixty docs --commands`.\n\n| command | what it does |\n| --- | --- |\n")
	var all []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && c.Name() != "completion" && c.Name() != "help" {
				all = append(all, c)
				walk(c)
			}
		}
	}
	walk(root)
	for _, c := range all {
		path := c.CommandPath()
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", path, strings.ReplaceAll(path, " ", "-"), c.Short)
	}
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
		section := func(title, text string) {
			if text = strings.TrimRight(text, "\n "); text != "" {
				fmt.Fprintf(&b, "\n%s```text\n%s\n```\n", title, text)
			}
		}
		section("", c.Long)
		if c.Runnable() {
			section("Usage:\n\n", c.UseLine())
		}
		section("Examples:\n\n", c.Example)
		section("Flags:\n\n", c.LocalNonPersistentFlags().FlagUsages())
	}
	fmt.Fprintf(&b, "\n## Flags of all commands\n\n```text\n%s```\n", root.PersistentFlags().FlagUsages())
	return b.String()
}
