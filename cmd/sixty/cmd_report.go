package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/report"
)

func (a *app) reportCommand() *cobra.Command {
	format := "table"
	cmd := &cobra.Command{
		Use:   "report [FILE]",
		Short: "Show a report again (default: out/report.json)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "out/report.json"
			if len(args) > 0 {
				path = args[0]
			}
			if format == "schema" {
				_, err := a.stdout.Write(report.Schema)
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return usagef("read the report: %w; sixty deploy writes one", err)
			}
			r, err := report.Parse(b)
			if err != nil {
				return usageError{err}
			}
			switch format {
			case "json":
				a.stdout.Write(b) //nolint:errcheck // the terminal is gone
			case "markdown":
				fmt.Fprint(a.stdout, r.Markdown())
			case "table":
				a.printReport(r)
				fmt.Fprintf(a.stdout, "%s  %s %s. %s\n", r.DeploymentStatus, r.CrateName, r.CrateVersion, r.Recommendation)
			default:
				return usagef("--format is table, markdown, json or schema, not %q", format)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "table, markdown, json, or schema for the report's JSON Schema")
	completeWords(cmd, "format", "table", "markdown", "json", "schema")
	return cmd
}
