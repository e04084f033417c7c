package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// account is who a process runs as.
type account struct {
	uid, gid int
	groups   []int
	home     string
}

// findAccount resolves NAME or ID, with :GROUP or without, as an image's
// configuration has it (OCI image-spec, config.User), in this root's own
// passwd(5) and group(5). An ID needs no entry; empty is root.
func findAccount(user string) (account, error) {
	name, group, hasGroup := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	accounts, err := readTable("/etc/passwd", 7)
	if err != nil {
		return account{}, fmt.Errorf("find user %q: %w", user, err)
	}
	groups, err := readTable("/etc/group", 4)
	if err != nil {
		return account{}, fmt.Errorf("find user %q: %w", user, err)
	}
	a := account{home: "/"}
	at := slices.IndexFunc(accounts, func(f []string) bool { return f[0] == name })
	if uid, err := strconv.ParseUint(name, 10, 31); err == nil && at < 0 {
		a.uid = int(uid)
		at = slices.IndexFunc(accounts, func(f []string) bool { return f[2] == name })
	} else if at < 0 {
		return account{}, fmt.Errorf("there is no user %q in the service's /etc/passwd", name)
	}
	if at >= 0 {
		entry := accounts[at]
		name, a.home = entry[0], entry[5]
		if a.uid, a.gid, err = ids(entry[2], entry[3]); err != nil {
			return account{}, fmt.Errorf("find user %q: /etc/passwd: %w", user, err)
		}
	}
	if hasGroup {
		if a.gid, err = findGroup(groups, group); err != nil {
			return account{}, err
		}
		a.groups = []int{a.gid}
		return a, nil
	}
	a.groups = []int{a.gid}
	for _, g := range groups {
		gid, err := strconv.ParseUint(g[2], 10, 31)
		if err == nil && slices.Contains(strings.Split(g[3], ","), name) && !slices.Contains(a.groups, int(gid)) {
			a.groups = append(a.groups, int(gid))
		}
	}
	return a, nil
}

func findGroup(groups [][]string, name string) (int, error) {
	for _, g := range groups {
		if g[0] == name {
			gid, err := strconv.ParseUint(g[2], 10, 31)
			return int(gid), err
		}
	}
	gid, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("there is no group %q in the service's /etc/group", name)
	}
	return int(gid), nil
}

func ids(uid, gid string) (int, int, error) {
	u, err := strconv.ParseUint(uid, 10, 31)
	if err != nil {
		return 0, 0, err
	}
	g, err := strconv.ParseUint(gid, 10, 31)
	return int(u), int(g), err
}

// readTable reads lines of fields between colons; lines with fewer fields are
// left out. A file that is not there has none.
func readTable(name string, fields int) ([][]string, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) >= fields && !strings.HasPrefix(line, "#") {
			out = append(out, f)
		}
	}
	return out, nil
}

// become takes over the account.
func (a account) become() error {
	if err := unix.Setgroups(a.groups); err != nil {
		return fmt.Errorf("take over the user's groups: %w", err)
	}
	if err := unix.Setresgid(a.gid, a.gid, a.gid); err != nil {
		return fmt.Errorf("take over the user's group: %w", err)
	}
	if err := unix.Setresuid(a.uid, a.uid, a.uid); err != nil {
		return fmt.Errorf("take over the user: %w", err)
	}
	return nil
}
