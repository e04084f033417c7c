package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/attest/verify"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
)

func (a *app) marketCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "market",
		Short: "Find, add and publish packs, the templates of crates",
		Long: `Packs ship with sixty, and come from the sources that you add: directories, git
repositories, indexes on web servers, and repositories of OCI registries. What
was fetched once is cached and needs no network; sixty market update asks again.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.marketSearchCommand(), a.marketInfoCommand(), a.marketListCommand(), a.marketAddCommand(),
		a.marketRemoveCommand(), a.marketUpdateCommand(), a.marketPublishCommand(), a.marketSignCommand(), a.marketIndexCommand())
	return cmd
}

func (a *app) marketSearchCommand() *cobra.Command {
	var q market.Query
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "search [WORD…]",
		Short: "Search the packs; without a word, list them all",
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.market(market.PreferCache)
			if err != nil {
				return err
			}
			q.Text = strings.Join(args, " ")
			hits, err := a.search(cmd.Context(), m, q)
			if err != nil {
				return err
			}
			if asJSON {
				if hits == nil {
					hits = []market.Hit{}
				}
				return a.printJSON(hits)
			}
			if len(hits) == 0 {
				fmt.Fprintln(a.stderr, "No pack matches. sixty market search alone lists them all.")
				return errNo
			}
			w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
			fmt.Fprintln(w, "PACK\tVERSION\tDESCRIPTION")
			for _, h := range hits {
				fmt.Fprintf(w, "%s\t%s\t%s\n", deploy.Readable(h.ID), deploy.Readable(h.Version), deploy.Readable(h.Description))
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

// packInfo is what sixty market info tells.
type packInfo struct {
	market.Manifest
	Source    string         `json:"source"`
	Digest    string         `json:"digest"`
	Versions  []string       `json:"versions"`
	Variables []variableInfo `json:"variables"`
	// Signatures is how many signatures come with it; who made them, a policy
	// judges.
	Signatures int `json:"signatures"`
}

func (p packInfo) signed() string {
	switch p.Signatures {
	case 0:
		return ""
	case 1:
		return "by one signature, which a policy can check"
	}
	return fmt.Sprintf("by %d signatures, which a policy can check", p.Signatures)
}

type variableInfo struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Required    bool   `json:"required"`
	Description string `json:"description,omitempty"`
	Sensitive   bool   `json:"sensitive,omitempty"`
}

func (a *app) marketInfoCommand() *cobra.Command {
	asJSON, constraint := false, ""
	cmd := &cobra.Command{
		Use:     "info PACK",
		Short:   "Show a pack: what it says of itself, its versions and its variables",
		Example: `  sixty market info io.sixty.rust.cli`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.market(market.PreferCache)
			if err != nil {
				return err
			}
			catalog, err := a.catalog(cmd.Context(), m)
			if err != nil {
				return err
			}
			pack, err := catalog.Resolve(cmd.Context(), args[0], constraint)
			if err != nil {
				return usageError{err}
			}
			info := packInfo{Manifest: pack.Manifest, Source: pack.Source, Digest: pack.Digest, Variables: []variableInfo{}}
			if bundles, err := verify.Split(pack.Signature); err == nil && len(pack.Signature) > 0 {
				info.Signatures = len(bundles)
			}
			for _, e := range catalog.Entries() {
				if e.ID == pack.ID {
					info.Versions = append(info.Versions, e.Version)
				}
			}
			info.Versions = slices.Compact(info.Versions)
			for _, v := range pack.Variables {
				info.Variables = append(info.Variables, variableInfo{v.Name, typeexpr.TypeString(v.Type), v.Required(), v.Description, v.Sensitive})
			}
			if asJSON {
				return a.printJSON(info)
			}
			return a.printInfo(info)
		},
	}
	cmd.Flags().StringVar(&constraint, "version", "", "version, or constraint on it (default: the newest)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) printInfo(p packInfo) error {
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	for _, line := range [][2]string{
		{"pack", p.ID}, {"version", p.Version}, {"versions", strings.Join(p.Versions, ", ")}, {"description", p.Description},
		{"licence", p.License}, {"category", p.Category}, {"keywords", strings.Join(p.Keywords, ", ")},
		{"authors", strings.Join(p.Authors, ", ")}, {"homepage", p.Homepage}, {"source", p.Source}, {"digest", p.Digest},
		{"signed", p.signed()},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], deploy.Readable(line[1]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Dependencies)) {
		fmt.Fprintf(w, "needs\t%s %s\n", deploy.Readable(id), deploy.Readable(p.Dependencies[id]))
	}
	if len(p.Variables) > 0 {
		fmt.Fprintln(w, "\nVARIABLE\tTYPE\t\tDESCRIPTION")
	}
	for _, v := range p.Variables {
		required := ""
		if v.Required {
			required = "required"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", deploy.Readable(v.Name), deploy.Readable(v.Type), required, deploy.Readable(v.Description))
	}
	return w.Flush()
}
