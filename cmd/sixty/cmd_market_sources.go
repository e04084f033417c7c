package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cmd/sixty/packindex"
	"github.com/sixtyhq/sixty/cmd/sixty/packregistry"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

const sourceHelp = `A source is a directory, the address of a git repository (--ref and --subdir
choose in it; git+ before an address that does not look like one), of an
index.json on a web server, or oci:// and a repository of a registry.`

func (a *app) marketAddCommand() *cobra.Command {
	ref, subdir := "", ""
	cmd := &cobra.Command{
		Use:   "add SOURCE",
		Short: "Add a source of packs to the market",
		Long:  "Reads the packs of a source and adds it, unless one of them is faulty.\n\n" + sourceHelp,
		Example: `  sixty market add ./packs
  sixty market add https://git.example.org/team/packs.git --ref v2 --subdir packs
  sixty market add https://packs.example.org/index.json
  sixty market add oci://registry.example.org/team/packs`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := sourceSpec(args[0], ref, subdir)
			if err != nil {
				return err
			}
			m, err := a.market(market.Refresh)
			if err != nil {
				return err
			}
			cfg, err := market.ReadConfig(m.config)
			if err != nil {
				return err
			}
			found, err := cfg.Add(cmd.Context(), spec, m.openers...)
			if err != nil {
				return usageError{err}
			}
			if err := errors.Join(cfg.Write(m.config), m.dropSearchIndex()); err != nil {
				return err
			}
			for _, e := range found {
				fmt.Fprintf(a.stdout, "Added %s %s\n", deploy.Readable(e.ID), deploy.Readable(e.Version))
			}
			if len(found) <= maxAhead {
				for _, e := range found {
					a.warmLater("", deploy.Readable(e.ID), "--template", e.ID)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&ref, "ref", "", "git: branch, tag or commit (default: the default branch)")
	cmd.Flags().StringVar(&subdir, "subdir", "", "git: folder of the packs in the repository")
	return cmd
}

func (a *app) marketRemoveCommand() *cobra.Command {
	ref, subdir := "", ""
	cmd := &cobra.Command{
		Use:   "remove SOURCE",
		Short: "Take a source off the market",
		Long:  "Takes a source off, as it was added: sixty market list shows how. What was\ngenerated from it stays, and so do cached packs.\n\n" + sourceHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := sourceSpec(args[0], ref, subdir)
			if err != nil {
				return err
			}
			path, err := market.ConfigPath()
			if err != nil {
				return err
			}
			cfg, err := market.ReadConfig(path)
			if err != nil {
				return err
			}
			if !cfg.Remove(spec) {
				return usagef("%s is not a source of the market; sixty market list shows them", spec)
			}
			if err := cfg.Write(path); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Removed %s\n", deploy.Readable(spec.String()))
			return nil
		},
	}
	cmd.Flags().StringVar(&ref, "ref", "", "git: the revision that it was added with")
	cmd.Flags().StringVar(&subdir, "subdir", "", "git: the folder that it was added with")
	return cmd
}

// listedSource is a source with what it offers.
type listedSource struct {
	Source string `json:"source"`
	// Packs are ids and versions.
	Packs  []listedPack `json:"packs"`
	Faults []string     `json:"faults,omitempty"`

	listings []packindex.Listing
}

type listedPack struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// listSources asks each source what it offers. A source that fails has a fault.
func listSources(ctx context.Context, m *userMarket) ([]listedSource, error) {
	cfg, err := market.ReadConfig(m.config)
	if err != nil {
		return nil, err
	}
	var out []listedSource
	list := func(name string, sources []market.Source, faults []error) {
		l := listedSource{Source: name, Packs: []listedPack{}}
		for _, s := range sources {
			entries, more, err := s.List(ctx)
			faults = append(faults, more...)
			if err != nil {
				faults = append(faults, err)
			}
			l.listings = append(l.listings, packindex.Listing{Source: s.Name(), Entries: entries})
			for _, e := range entries {
				l.Packs = append(l.Packs, listedPack{e.ID, e.Version})
			}
		}
		for _, f := range faults {
			l.Faults = append(l.Faults, f.Error())
		}
		out = append(out, l)
	}
	for _, spec := range cfg.Sources {
		sources, faults := market.Config{Sources: []market.SourceSpec{spec}}.Open(m.openers...)
		list(spec.String(), sources, faults)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	shipped := concept.Shipped()
	list(shipped.Name(), []market.Source{shipped}, nil)
	return out, nil
}

func (a *app) marketListCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the sources of the market and the packs that they offer",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.market(market.PreferCache)
			if err != nil {
				return err
			}
			sources, err := listSources(cmd.Context(), m)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(sources)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
			fmt.Fprintln(w, "PACK\tVERSION\tSOURCE")
			for _, s := range sources {
				for _, p := range s.Packs {
					fmt.Fprintf(w, "%s\t%s\t%s\n", deploy.Readable(p.ID), deploy.Readable(p.Version), deploy.Readable(s.Source))
				}
				if len(s.Packs) == 0 {
					fmt.Fprintf(w, "(none)\t\t%s\n", deploy.Readable(s.Source))
				}
			}
			a.warnSources(sources)
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// warnSources tells of sources that fail and reports whether there is one.
func (a *app) warnSources(sources []listedSource) bool {
	failed := false
	for _, s := range sources {
		for _, f := range s.Faults {
			failed = true
			fmt.Fprintf(a.stderr, "Warning: %s: %s\n", deploy.Readable(s.Source), deploy.Readable(f))
		}
	}
	return failed
}

func (a *app) marketUpdateCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Ask all sources again what packs they offer",
		Long: `Asks all sources again what packs and versions they offer, and builds the index
that sixty market search uses for large markets. Where one can't be
reached, what it offered last time stays and the exit code is 1.

Where the working folder has a sixty.lock, its pins move: each pack to the
newest version that was asked for, with all that it depends on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.market(market.Refresh)
			if err != nil {
				return err
			}
			sources, err := listSources(cmd.Context(), m)
			if err != nil {
				return err
			}
			failed := a.warnSources(sources)
			var listings []packindex.Listing
			for _, s := range sources {
				listings = append(listings, s.listings...)
			}
			if err := m.buildSearchIndex(cmd.Context(), listings); err != nil {
				return err
			}
			if err := a.movePins(cmd.Context()); err != nil {
				return err
			}
			if asJSON {
				err = a.printJSON(sources)
			} else {
				for _, s := range sources {
					fmt.Fprintf(a.stdout, "%d packs and versions: %s\n", len(s.Packs), deploy.Readable(s.Source))
				}
			}
			if err == nil && failed {
				return errNo
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) marketPublishCommand() *cobra.Command {
	by := signOptions{}
	cmd := &cobra.Command{
		Use:   "publish DIR oci://REPOSITORY",
		Short: "Publish a pack to a repository of an OCI registry",
		Long: `Publishes the pack in a folder to a repository of an OCI registry, tagged with its
version. A version that is there with other content is refused: a published
version never changes. Credentials are those of docker login.

With --key or --keyless the pack is signed; otherwise a signature that lies in
its folder (sixty market sign) goes along.`,
		Example: `  sixty market publish packs/service oci://registry.example.org/team/packs
  sixty market publish packs/service oci://registry.example.org/team/packs --key release.key`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := by.check(); err != nil {
				return err
			}
			spec, err := sourceSpec(args[1], "", "")
			if err != nil {
				return err
			}
			if spec.OCI == "" {
				return usagef("packs are published to a registry, such as oci://registry.example.org/team/packs; for a web server, sixty market index writes the files")
			}
			pack, err := openPack(args[0])
			if err != nil {
				return err
			}
			signer, err := by.named(cmd.Context())
			switch {
			case err != nil:
				return err
			case signer != nil:
				err = signPack(cmd.Context(), pack, signer)
			default:
				err = stillSigned(pack)
			}
			if err != nil {
				return err
			}
			m, err := a.market(market.Refresh)
			if err != nil {
				return err
			}
			registry, err := packregistry.New(spec.OCI, m.cache, packregistry.Options{Transport: http.DefaultTransport})
			if err != nil {
				return usageError{err}
			}
			ref, err := registry.Push(cmd.Context(), pack)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Published %s %s: %s\n", pack.ID, pack.Version, ref)
			return nil
		},
	}
	by.packFlags(cmd, "")
	return cmd
}

func (a *app) marketIndexCommand() *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:   "index DIR",
		Short: "Write the packs of a folder as files for a web server: an index and an archive of each",
		Example: `  sixty market index packs -o public
  sixty market add https://packs.example.org/index.json   # where public is served`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := market.NewDirSource(args[0])
			if err != nil {
				return usageError{err}
			}
			index, err := market.WriteIndex(cmd.Context(), source, output)
			if err != nil {
				return err
			}
			for _, p := range index.Packs {
				fmt.Fprintf(a.stdout, "%s %s %s\n", deploy.Readable(p.ID), deploy.Readable(p.Version), p.Digest)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "folder to write to")
	cmd.MarkFlagRequired("output") //nolint:errcheck // the flag exists
	return cmd
}
