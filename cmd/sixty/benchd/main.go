//go:build linux

// Command benchd serves the engine that sixty embeds on a Unix socket, until it
// is interrupted, together with the frontend for Dockerfiles, which sixty itself
// does without: a benchmark can so compare sixty with other clients of the same
// BuildKit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
)

func main() {
	root := flag.String("root", "", "state folder of the engine")
	socket := flag.String("socket", "", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *root, *socket); err != nil {
		fmt.Fprintln(os.Stderr, "benchd:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, root, socket string) (err error) {
	if root == "" || socket == "" {
		return errors.New("-root and -socket are needed")
	}
	engine, err := buildkit.Start(ctx, buildkit.EmbeddedOptions{
		Root: root, Frontends: map[string]gateway.BuildFunc{"dockerfile.v0": dockerfile.Build},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	// As fast as sixty's own: nobody waits for the disk while it is measured.
	if err := engine.Begin(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := engine.Server()
	stopped := context.AfterFunc(ctx, server.Stop)
	defer stopped()
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
