package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/image"
	"github.com/sixtyhq/sixty/cmd/sixty/server"
	"github.com/sixtyhq/sixty/internal/advisory"
)

// finding is one line of the doctor's answer.
type finding struct {
	what string
	ok   bool
	note string
	fix  string
	// optional findings do not make the machine unfit.
	optional bool
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check what sixty needs on this machine and say what to do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := a.cache()
			if err != nil {
				return err
			}
			fit := true
			for _, f := range a.examine(cmd.Context(), cache) {
				mark := "ok  "
				if !f.ok {
					mark = "FAIL"
					if f.optional {
						mark = "note"
					} else {
						fit = false
					}
				}
				fmt.Fprintf(a.stdout, "%s  %-12s %s\n", mark, f.what, f.note)
				if !f.ok && f.fix != "" {
					fmt.Fprintf(a.stdout, "      → %s\n", f.fix)
				}
			}
			if !fit {
				return errNo
			}
			return nil
		},
	}
}

func (a *app) examine(ctx context.Context, cache string) []finding {
	findings := []finding{
		{what: "user", ok: os.Geteuid() == 0, note: fmt.Sprintf("user id %d", os.Geteuid()), fix: "the embedded engine needs root: run sixty with sudo, or use a remote engine with --engine"},
		runtimeFinding(ctx),
		diskFinding(cache),
	}
	findings = append(findings, a.engineFinding(ctx, cache))
	findings = append(findings, a.imageFinding(ctx, cache), a.auditFinding())
	return findings
}

func runtimeFinding(ctx context.Context) finding {
	f := finding{what: "runtime", fix: "install runc (Debian: apt-get install runc)"}
	out, err := exec.CommandContext(ctx, "runc", "--version").Output()
	if err != nil {
		f.note = "runc: " + err.Error()
		return f
	}
	f.ok, f.note = true, strings.SplitN(string(out), "\n", 2)[0]
	return f
}

// enoughDisk is what an image, its snapshots and compiled dependencies take.
const enoughDisk = 6 << 30

func diskFinding(cache string) finding {
	f := finding{what: "disk", fix: "free some space, or put the cache elsewhere with --cache-dir"}
	var st unix.Statfs_t
	if err := unix.Statfs(cache, &st); err != nil {
		f.note = err.Error()
		return f
	}
	free := int64(st.Bavail) * st.Bsize
	f.ok = free >= enoughDisk
	f.note = fmt.Sprintf("%.1f GB free under %s; a first run takes about %d GB", float64(free)/1e9, cache, enoughDisk>>30)
	return f
}

func (a *app) engineFinding(ctx context.Context, cache string) finding {
	f := finding{what: "engine"}
	if os.Geteuid() != 0 {
		f.note, f.fix = "not tried without root", "see user"
		return f
	}
	if _, err := buildkit.InitProgram(); err != nil {
		f.note, f.fix = err.Error(), "make build"
		return f
	}
	if s, err := server.Ask(ctx, engineRoot(cache)); err == nil {
		f.ok, f.note = true, s.Engine+", "+describe(s)
		return f
	} else if !errors.Is(err, server.ErrNone) {
		f.note, f.fix = err.Error(), "sixty serve --stop --now"
		return f
	}
	_, stop, err := buildkit.StartEmbedded(ctx, buildkit.EmbeddedOptions{Root: engineRoot(cache), Waiting: func(holder string) {
		fmt.Fprintf(a.stderr, "Waiting for process %s, which uses the engine\n", holder)
	}})
	if err != nil {
		f.note = err.Error()
		return f
	}
	defer stop.Close()
	f.ok, f.note = true, buildkit.EmbeddedName()+" starts"
	return f
}

func (a *app) imageFinding(ctx context.Context, cache string) finding {
	f := finding{what: "image", fix: "sixty image build rust makes it from Debian's packages; sixty deploy does so by itself where no registry answers"}
	block, err := a.imageBlock(ctx, &runOptions{}, "rust")
	if err != nil {
		f.note, f.optional = "the pipeline has no image called rust", true
		return f
	}
	if known, err := readPins(cache); err == nil {
		if p, ok := known[block.From]; ok {
			f.ok, f.note = true, withDigest(block.From, p.Digest)
			return f
		}
	}
	info, err := image.Open(imageDir(cache, debianSpec(block)))
	if err != nil {
		f.note, f.optional = "no image rust yet", true
		if ready := image.Ready(); ready != nil {
			f.note += "; " + ready.Error()
		}
		return f
	}
	f.ok, f.note = true, info.Ref
	for _, p := range info.Packages {
		if strings.HasPrefix(p.Name, "rustc") {
			f.note += fmt.Sprintf(" (%s %s)", p.Name, p.Version)
		}
	}
	return f
}

func (a *app) auditFinding() finding {
	f := finding{what: "advisories", optional: true, fix: "sixty audit-db update"}
	dir := a.auditDatabase(&runOptions{})
	if dir == "" {
		f.note = "no advisory database: the audit gate can't run"
		return f
	}
	db, err := advisory.Load(os.DirFS(dir))
	if err != nil {
		f.note = err.Error()
		return f
	}
	f.ok, f.note = true, fmt.Sprintf("%d advisories, the newest of %s", db.Count, db.Newest)
	return f
}
