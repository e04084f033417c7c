package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// firstPack is the pack with the most dependencies.
const firstPack = "axum-service"

// first measures the first run of a user who has nothing: no cache, no image, no
// crates, no key. The network counts.
func (b *bench) first(ctx context.Context, t taken, j *journal) error {
	dir := filepath.Join(b.dir, "first")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fresh := command{path: b.sixty.path, dir: dir}
	cmd := fresh.command(ctx, serveOff, "deploy", "--template", packPrefix+firstPack, "--name", crateName(firstPack), "--version", "0.1.0",
		"--report", filepath.Join(fresh.out(), "report.json"), "--progress", "plain")
	cmd.Env = append(cmd.Env, "HOME="+filepath.Join(dir, "home"))
	progress("first run on a fresh machine")
	s, _, err := measure(cmd)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var said report
	if err == nil {
		err = readJSON(filepath.Join(fresh.out(), "report.json"), &said)
	}
	if err == nil && said.DeploymentStatus != "READY" {
		err = errors.New("sixty's report: it is not READY")
	}
	t.Versions.Engine = said.Engine
	j.First = &firstRecord{taken: t, Pack: firstPack, Spent: s}
	if err != nil {
		j.First.Failed = b.plain(err)
		progress("first run failed: %v", err)
	} else {
		progress("first run: %s", s)
	}
	return j.save()
}

// oneLine is an error's text for a table.
func oneLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.ReplaceAll(first, "|", "\\|")
}
