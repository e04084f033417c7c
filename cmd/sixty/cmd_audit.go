package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/advisory"
)

// auditDatabase is the folder of the advisory database, empty for none.
func (a *app) auditDatabase(o *runOptions) string {
	for _, dir := range []string{o.auditDB, os.Getenv("SIXTY_AUDIT_DB")} {
		if dir != "" {
			return dir
		}
	}
	cache, err := a.cache()
	if err != nil {
		return ""
	}
	dir := filepath.Join(cache, "advisory-db")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func (a *app) auditDBCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit-db", Short: "Keep the RustSec advisory database", Args: cobra.NoArgs}
	url, revision := advisory.RustSecURL, ""
	update := &cobra.Command{
		Use:   "update",
		Short: "Fetch the newest advisory database, with git",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := a.cache()
			if err != nil {
				return err
			}
			db, err := advisory.Update(cmd.Context(), url, revision, filepath.Join(cache, "advisory-db"))
			if err != nil {
				return fmt.Errorf("update the advisory database: %w", err)
			}
			fmt.Fprintf(a.stdout, "%d advisories, the newest of %s, revision %s\n", db.Count, db.Newest, db.Revision.ID)
			return nil
		},
	}
	update.Flags().StringVar(&url, "url", url, "git repository of the database")
	update.Flags().StringVar(&revision, "revision", "", "commit, tag or branch to take (default: the newest)")
	cmd.AddCommand(update)
	return cmd
}
