package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
)

// serveVerb serves the files of a folder over HTTP on a loopback address: a
// step without a network can so offer cargo a registry index.
func serveVerb(args []string) error {
	flags := newFlags("serve")
	dir := flags.String("dir", "", "")
	addr := flags.String("addr", "", "")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *dir == "" || flags.NArg() > 0 {
		return errors.New("serve: needs --dir DIR and --addr ADDRESS and nothing else")
	}
	where, err := netip.ParseAddrPort(*addr)
	if err != nil || !where.Addr().IsLoopback() {
		return fmt.Errorf("serve: %q is not a loopback address like 127.0.0.1:8080", *addr)
	}
	root, err := os.OpenRoot(*dir)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer root.Close()
	return http.ListenAndServe(where.String(), http.FileServerFS(root.FS())) //nolint:gosec // loopback only, for as long as one step
}
