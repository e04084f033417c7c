package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cmd/sixty/lsp"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/lang"
)

func (a *app) lspCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Serve editors: completion, hover, definitions and diagnostics of pipeline files",
		Long: `A language server for pipeline files. It speaks the Language Server Protocol over
standard input and output, and is started by an editor, not by hand: set
"sixty lsp" as the server of .hcl files.

It completes blocks, attributes, functions and the names of other blocks, shows
what they mean, goes from a name to its declaration, formats as sixty fmt does,
and marks what sixty validate finds. pipeline.hcl is a pipeline by itself; any
other .hcl file goes with all of its folder. Nothing runs, and no file is
written.`,
		Example: `  # Neovim
  vim.lsp.start({ name = "sixty", cmd = { "sixty", "lsp" } })`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return lsp.Serve(cmd.Context(), cmd.InOrStdin(), a.stdout, lsp.Options{
				Version: version, Schema: config.Schema(), Functions: lang.Functions("."), Diagnose: diagnose,
			})
		},
	}
}

// diagnose is sixty validate for files in memory, with a crate of which nothing
// is known.
func diagnose(dir string, names []string, sources map[string][]byte) hcl.Diagnostics {
	cfg, diags := config.Parse(dir, names, sources)
	if !cfg.Complete() {
		return diags
	}
	values, d := lang.ResolveVariables(cfg.Variables, nil, lang.FunctionMap(dir))
	more := append(withoutNoValue(d), checkWith(cfg, values.Values, crate.Unknown(), diags)...)
	if diags.HasErrors() {
		more = config.Further(diags, more)
	}
	return config.Most(config.InOrder(append(diags, more...)))
}
