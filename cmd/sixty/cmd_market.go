package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

func (a *app) marketCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "market", Short: "Find and add packs, the templates of crates", Args: cobra.NoArgs}
	cmd.AddCommand(a.marketSearchCommand(), a.marketAddCommand())
	return cmd
}

func (a *app) marketSearchCommand() *cobra.Command {
	var q market.Query
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "search [WORD…]",
		Short: "Search the packs; without a word, list them all",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := market.ConfigPath()
			if err != nil {
				return err
			}
			catalog, faults, err := concept.Catalog(cmd.Context(), path)
			if err != nil {
				return err
			}
			for _, f := range faults {
				fmt.Fprintf(a.stderr, "Warning: %v\n", f)
			}
			q.Text = strings.Join(args, " ")
			hits := catalog.Search(q)
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				if hits == nil {
					hits = []market.Hit{}
				}
				return enc.Encode(hits)
			}
			if len(hits) == 0 {
				fmt.Fprintln(a.stderr, "No pack matches. sixty market search alone lists them all.")
				return errNo
			}
			w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
			fmt.Fprintln(w, "PACK\tVERSION\tDESCRIPTION")
			for _, h := range hits {
				fmt.Fprintf(w, "%s\t%s\t%s\n", readable(h.ID), readable(h.Version), readable(h.Description))
			}
			return w.Flush()
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Category, "category", "", "only packs of this category")
	f.StringVar(&q.Keyword, "keyword", "", "only packs with this keyword")
	f.StringVar(&q.Author, "author", "", "only packs of this author")
	f.StringVar(&q.License, "license", "", "only packs under this licence")
	f.BoolVar(&q.Stable, "stable", false, "no pre-releases")
	f.IntVar(&q.Limit, "limit", 0, "at most so many")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) marketAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add DIR",
		Short: "Add a folder of packs to the market",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := market.ConfigPath()
			if err != nil {
				return err
			}
			cfg, err := market.ReadConfig(path)
			if err != nil {
				return err
			}
			found, err := cfg.AddDir(cmd.Context(), args[0])
			if err != nil {
				return usageError{err}
			}
			if err := cfg.Write(path); err != nil {
				return err
			}
			for _, e := range found {
				fmt.Fprintf(a.stdout, "Added %s %s\n", readable(e.ID), readable(e.Version))
			}
			return nil
		},
	}
}
