package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
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
			case "schema":
				a.stdout.Write(report.Schema) //nolint:errcheck // the terminal is gone
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

func (a *app) verifyCommand() *cobra.Command {
	var bundle, key string
	var maxAge time.Duration
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check the signed verdict of a report, crate or binary",
		Long: `Checks that a bundle is signed with a key that you trust and is about FILE: the
report itself, the .crate, or a binary. Nothing is read from the network.

There is no default for --key: whom to trust is your decision.`,
		Example: `  sixty verify out/report.json --key sixty.pub
  sixty verify my_service-0.1.0.crate --bundle report.json.sigstore.json --key sixty.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" {
				return usagef("whom do you trust? Give the signer's public key with --key")
			}
			if bundle == "" {
				bundle = args[0] + bundleSuffix
			}
			pem, err := os.ReadFile(key)
			if err != nil {
				return usagef("read the public key: %w", err)
			}
			trusted, err := verify.KeyFromPEM(key, pem)
			if err != nil {
				return usageError{err}
			}
			raw, err := verify.ReadFile(bundle)
			if err != nil {
				return usagef("read the bundle: %w", err)
			}
			v, err := verify.Bundle(cmd.Context(), raw, []verify.Artifact{verify.File(args[0])}, verify.Trust{Keys: []verify.Key{trusted}},
				verify.Expect{PredicateTypes: []string{statement.ReportType}, SomeSubjects: true, MaxAge: maxAge})
			if err != nil {
				return fmt.Errorf("not verified: %w", err)
			}
			var p statement.Report
			if err := v.Statement.Decode(&p); err != nil {
				return fmt.Errorf("not verified: %w", err)
			}
			fmt.Fprintf(a.stdout, "Verified: %s is what %s vouches for.\n", args[0], readable(v.Signer.String()))
			fmt.Fprintf(a.stdout, "%s  %s %s at level %s, run %s of %s.\n", p.Status, readable(p.Crate.Name), readable(p.Crate.Version), readable(p.Level), readable(p.Run), p.FinishedOn.Format(time.RFC3339))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&bundle, "bundle", "", "the sigstore bundle (default: FILE"+bundleSuffix+")")
	f.StringVar(&key, "key", "", "the signer's public key, PEM")
	f.DurationVar(&maxAge, "max-age", 0, "refuse a verdict that is older than this")
	return cmd
}
