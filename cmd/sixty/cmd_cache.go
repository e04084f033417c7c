package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cmd/sixty/retention"
	"github.com/sixtyhq/sixty/internal/blob"
)

// heldCache is a cache folder that this command uses.
type heldCache struct {
	dir  string
	lock io.Closer
}

// content opens the store of content of a cache folder, which is in use until
// the command ends.
func (a *app) content(cache string) (*blob.Store, error) {
	if a.held.lock == nil {
		lock, err := retention.Use(cache)
		if err != nil {
			return nil, err
		}
		a.held = heldCache{cache, lock}
	}
	return blob.Open(filepath.Join(cache, string(retention.Content)))
}

// collect ends the use of the cache folder, and removes from it now and then
// what no run has used for long.
func (a *app) collect() {
	if a.held.lock == nil {
		return
	}
	a.held.lock.Close()
	if err := retention.CollectSometimes(a.held.dir, time.Now()); err != nil {
		fmt.Fprintf(a.stderr, "Warning: %v\n", err)
	}
}

func (a *app) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "See what the cache folder holds, and clear it",
		Long: `The cache folder ($SIXTY_CACHE_DIR, --cache-dir or the user's cache folder) has
what can be made again: the results of steps and the content that goes into
them, images, the engine's state, packs, the advisory database.

Once a day a run clears results and content that no run has used for 30 days,
and the oldest of them beyond 5 GiB. The engine bounds its own state. Images
stay until you remove them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.cacheDuCommand(), a.cachePruneCommand())
	return cmd
}

// part is a file or folder of the cache folder.
type part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	What  string `json:"what"`
}

var partNames = map[string]string{
	"content": "sources and other content that steps start from", "results": "what steps left, by their key",
	"images": "images made from packages, one folder each", "engine": "the engine's state; it bounds itself",
	"packs": "packs that were fetched", "advisory-db": "the advisory database", "warm": "which dependencies were compiled",
	"last-run":     "how each crate's last run went",
	"history.json": "how long steps took", "image-pins.json": "digests that images are pinned to",
}

func (a *app) cacheDuCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "du",
		Short: "Show what takes how much room",
		Example: `  sixty cache du
  sixty cache du --json | jq '.total_bytes'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cache, err := a.cache()
			if err != nil {
				return err
			}
			parts, total, err := cacheParts(cache)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(map[string]any{"dir": cache, "parts": parts, "total_bytes": total})
			}
			w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
			for _, p := range parts {
				fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, size(p.Bytes), p.What)
			}
			fmt.Fprintf(w, "total\t%s\t%s\n", size(total), cache)
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON, sizes in bytes")
	return cmd
}

func size(bytes int64) string { return units.BytesSize(float64(bytes)) }

func cacheParts(cache string) ([]part, int64, error) {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return nil, 0, fmt.Errorf("list the cache folder: %w", err)
	}
	parts := []part{}
	var total int64
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		n, err := retention.Size(filepath.Join(cache, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, 0, fmt.Errorf("measure the cache folder: %w", err)
		}
		parts = append(parts, part{e.Name(), n, partNames[e.Name()]})
		total += n
	}
	return parts, total, nil
}

func (a *app) cachePruneCommand() *cobra.Command {
	var age, bound string
	all, dry, asJSON := false, false, false
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Clear results and content that no run has used for some time",
		Long: `Clears results and content that no run has used for --older-than, and the oldest
of them beyond --max-size. All of it can be made again: the next run that needs a
result takes it from the engine's cache, or runs the step.

While another sixty runs with this cache folder nothing is cleared.`,
		Example: `  sixty cache prune --dry-run
  sixty cache prune --older-than 7d --max-size 1GB
  sixty cache prune --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			policy, err := prunePolicy(age, bound, all)
			if err != nil {
				return err
			}
			cache, err := a.cache()
			if err != nil {
				return err
			}
			removed, err := prune(cache, policy, dry)
			if errors.Is(err, retention.ErrInUse) {
				return fmt.Errorf("%w: %s; wait for it to end, then try again", err, cache)
			}
			if err != nil {
				return err
			}
			return a.printPruned(removed, dry, asJSON)
		},
	}
	d := retention.Default()
	f := cmd.Flags()
	f.StringVar(&age, "older-than", strconv.Itoa(int(d.MaxAge.Hours()/24))+"d", "clear what was not used for this long: 12h, 7d; 0 for no bound")
	f.StringVar(&bound, "max-size", size(d.MaxBytes), "clear the oldest beyond this size: 500MB, 2GiB; 0 for no bound")
	f.BoolVar(&all, "all", false, "clear all results and content")
	f.BoolVar(&dry, "dry-run", false, "only show what would be cleared")
	f.BoolVar(&asJSON, "json", false, "print what was cleared as JSON")
	return cmd
}

func prunePolicy(age, bound string, all bool) (retention.Policy, error) {
	p := retention.Policy{All: all}
	text := age
	if days, ok := strings.CutSuffix(age, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return p, usagef("--older-than takes a time such as 12h or 7d, not %q", age)
		}
		text = strconv.FormatUint(n*24, 10) + "h"
	}
	var err error
	if p.MaxAge, err = time.ParseDuration(text); err != nil || p.MaxAge < 0 {
		return p, usagef("--older-than takes a time such as 12h or 7d, not %q", age)
	}
	if p.MaxBytes, err = units.RAMInBytes(bound); err != nil || p.MaxBytes < 0 {
		return p, usagef("--max-size takes a size such as 500MB or 2GiB, not %q", bound)
	}
	return p, nil
}

func prune(cache string, p retention.Policy, dry bool) ([]retention.Entry, error) {
	if !dry {
		return retention.Collect(cache, p, time.Now())
	}
	all, err := retention.List(cache)
	if err != nil {
		return nil, err
	}
	return retention.Expired(all, p, time.Now()), nil
}

func (a *app) printPruned(removed []retention.Entry, dry, asJSON bool) error {
	var total int64
	count := map[retention.Kind]int{}
	for _, e := range removed {
		total += e.Bytes
		count[e.Kind]++
	}
	if asJSON {
		if removed == nil {
			removed = []retention.Entry{}
		}
		return a.printJSON(map[string]any{"removed": removed, "bytes": total, "dry_run": dry})
	}
	did := "Cleared"
	if dry {
		did = "Would clear"
	}
	_, err := fmt.Fprintf(a.stdout, "%s %s: %d results, %d pieces of content\n", did, size(total), count[retention.Results], count[retention.Content])
	return err
}
