package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

const loopback = "lo"

// raiseLoopback sets the loopback up; a fresh network namespace has it down.
// It needs CAP_NET_ADMIN, or an engine that has done it already.
func raiseLoopback() error {
	sock, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(sock)
	flags, err := linkFlags(sock, loopback)
	if err != nil || flags&unix.IFF_UP != 0 {
		return err
	}
	req, err := unix.NewIfreq(loopback)
	if err != nil {
		return err
	}
	req.SetUint16(flags | unix.IFF_UP)
	if err := unix.IoctlIfreq(sock, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("set %s up: %w", loopback, err)
	}
	return nil
}

func linkFlags(sock int, link string) (uint16, error) {
	req, err := unix.NewIfreq(link)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(sock, unix.SIOCGIFFLAGS, req); err != nil {
		return 0, fmt.Errorf("read the flags of %s: %w", link, err)
	}
	return req.Uint16(), nil
}

// probeNetwork says what the kernel knows of this network namespace.
func probeNetwork() initrec.Network {
	n := initrec.Network{Interfaces: []initrec.Interface{}, Routes: []initrec.Route{}}
	err := errors.Join(probeNamespace(&n), probeInterfaces(&n), probeRoutes(&n))
	if err != nil {
		n.Error = err.Error()
		return n
	}
	n.LoopbackUp, n.LoopbackOnly = judgeNetwork(n.Interfaces, n.Routes)
	return n
}

// judgeNetwork says whether the loopback is up, and whether it is all there is.
// Kernels put more interfaces into a fresh namespace, but leave them down.
func judgeNetwork(interfaces []initrec.Interface, routes []initrec.Route) (up, only bool) {
	only = len(routes) == 0
	for _, i := range interfaces {
		if i.Name == loopback {
			up = i.Up
		} else if i.Up {
			only = false
		}
	}
	return up, only
}

func probeNamespace(n *initrec.Network) error {
	link, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	inode := strings.TrimSuffix(strings.TrimPrefix(link, "net:["), "]")
	n.Namespace, err = strconv.ParseUint(inode, 10, 64)
	return err
}

func probeInterfaces(n *initrec.Network) error {
	table, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return err
	}
	sock, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(sock)
	for _, link := range linkNames(string(table)) {
		flags, err := linkFlags(sock, link)
		if err != nil {
			return err
		}
		n.Interfaces = append(n.Interfaces, initrec.Interface{Name: link, Up: flags&unix.IFF_UP != 0})
	}
	return nil
}

// linkNames reads the names in /proc/net/dev: two lines of heading, then a
// line each, "name: figures".
func linkNames(table string) []string {
	var names []string
	for line := range strings.Lines(table) {
		name, figures, ok := strings.Cut(line, ":")
		if ok && !strings.Contains(figures, "|") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	slices.Sort(names)
	return names
}

func probeRoutes(n *initrec.Network) error {
	for _, t := range []struct {
		file  string
		parse func(string) ([]initrec.Route, error)
	}{{"/proc/self/net/route", routes4}, {"/proc/self/net/ipv6_route", routes6}} {
		table, err := os.ReadFile(t.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the kernel has no such protocol
		}
		if err != nil {
			return err
		}
		found, err := t.parse(string(table))
		if err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
		for _, r := range found {
			if r.Interface != loopback {
				n.Routes = append(n.Routes, r)
			}
		}
	}
	return nil
}

// routes4 reads /proc/net/route: a heading, then interface, destination,
// gateway, flags, …, mask as the eighth; addresses are hexadecimal numbers in
// the machine's byte order.
func routes4(table string) ([]initrec.Route, error) {
	var routes []initrec.Route
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "Iface" {
			continue
		}
		if len(f) < 8 {
			return nil, fmt.Errorf("a line of %d fields", len(f))
		}
		dest, err1 := addr4(f[1])
		gateway, err2 := addr4(f[2])
		mask, err3 := addr4(f[7])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		bits := 0
		for _, b := range mask.As4() {
			for ; b != 0; b <<= 1 {
				bits++
			}
		}
		routes = append(routes, route(f[0], netip.PrefixFrom(dest, bits), gateway))
	}
	return routes, nil
}

func addr4(text string) (netip.Addr, error) {
	v, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return netip.Addr{}, err
	}
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(v))
	return netip.AddrFrom4(b), nil
}

// routes6 reads /proc/net/ipv6_route: destination and its prefix length,
// source and its, next hop, metric, references, uses, flags, interface.
func routes6(table string) ([]initrec.Route, error) {
	var routes []initrec.Route
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 10 {
			return nil, fmt.Errorf("a line of %d fields", len(f))
		}
		dest, err1 := addr6(f[0])
		bits, err2 := strconv.ParseUint(f[1], 16, 8)
		gateway, err3 := addr6(f[4])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		routes = append(routes, route(f[9], netip.PrefixFrom(dest, int(bits)), gateway))
	}
	return routes, nil
}

func addr6(text string) (netip.Addr, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(b) != 16 {
		return netip.Addr{}, fmt.Errorf("address %q has %d bytes", text, len(b))
	}
	return netip.AddrFrom16([16]byte(b)), nil
}

func route(link string, dest netip.Prefix, gateway netip.Addr) initrec.Route {
	r := initrec.Route{Interface: link, Destination: dest.String()}
	if !gateway.IsUnspecified() {
		r.Gateway = gateway.String()
	}
	return r
}
