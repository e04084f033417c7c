package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/initrec"
)

const hostsFile = "/etc/hosts"

// hostsOf is the hosts file, hosts(5), in a service's root. Its localhost is its
// own address, so that what listens on localhost is reached by the service's
// name and two services may have the same port.
func hostsOf(own initrec.Service, all []initrec.Service) string {
	var b strings.Builder
	local := own.Address
	if local == "" {
		local = "127.0.0.1"
	}
	fmt.Fprintf(&b, "%s\tlocalhost\n", local)
	b.WriteString(hostLines(all))
	return b.String()
}

func hostLines(all []initrec.Service) string {
	var b strings.Builder
	for _, s := range all {
		if s.Address != "" {
			fmt.Fprintf(&b, "%s\t%s\n", s.Address, s.Name)
		}
	}
	return b.String()
}

// addHosts puts the services' names into the container's own hosts file, unless
// the engine has done so already; engines commonly mount one that can't be
// written.
func addHosts(all []initrec.Service) error {
	text, err := os.ReadFile(hostsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("name the services: %w", err)
	}
	var missing []initrec.Service
	for _, s := range all {
		if s.Address != "" && !resolves(string(text), s.Name, s.Address) {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	if err := os.WriteFile(hostsFile, append(text, hostLines(missing)...), 0o644); err != nil {
		return fmt.Errorf("name the services in %s: %w", hostsFile, err)
	}
	return nil
}

// resolves reports whether a hosts file gives a name its address; the first
// line with the name counts.
func resolves(hosts, name, address string) bool {
	for line := range strings.Lines(hosts) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) > 1 && slices.Contains(fields[1:], name) {
			return fields[0] == address
		}
	}
	return false
}
