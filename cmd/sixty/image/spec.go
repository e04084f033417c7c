// Package image makes root file systems for steps and names them by digest: an
// OCI image layout built from Debian packages, for machines that reach no
// container registry, or a pinned reference to a registry's image.
//
// A built layout is reproducible: the same packages in the same versions give
// the same manifest digest. Nothing of the host's own file system goes in.
package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// form is part of every key: raise it when the same spec would give another
// file system.
const form = 2

// Spec describes an image by its packages. Empty fields but Name and Packages
// have defaults.
type Spec struct {
	// Name is the image's name in the layout and in messages.
	Name string `json:"-"`
	// Suite is Debian's code name; default bookworm. Its updates and security
	// fixes are always taken.
	Suite string `json:"suite"`
	// Components of the archive; default main.
	Components []string `json:"components"`
	// Mirror and SecurityMirror are where packages come from, over http or
	// https; default deb.debian.org. Packages are checked against Debian's
	// signatures either way.
	Mirror         string `json:"mirror"`
	SecurityMirror string `json:"security_mirror"`
	// Packages come on top of the smallest system that has apt. NAME, or
	// NAME=VERSION.
	Packages []string `json:"packages"`
	// Exclude and Include are dpkg's path patterns (dpkg(1), --path-exclude):
	// files of packages that are not unpacked, and exceptions to that.
	Exclude []string `json:"exclude"`
	Include []string `json:"include"`
	// Env is the image's environment, NAME=value; PATH has a default.
	Env []string `json:"env"`
}

// debianPath is the PATH that Debian gives to root.
const debianPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// slim are files that no build reads. Copyright notices stay.
var slim = []string{
	"/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/doc/*",
	"/usr/share/lintian/*", "/usr/share/bash-completion/*", "/usr/share/zsh/*",
}

var slimBut = []string{"/usr/share/doc/*/copyright"}

// complete fills in the defaults and puts every list, none of whose orders
// means anything, in the order of its text.
func (s Spec) complete() Spec {
	if s.Suite == "" {
		s.Suite = "bookworm"
	}
	if len(s.Components) == 0 {
		s.Components = []string{"main"}
	}
	if s.Mirror == "" {
		s.Mirror = "http://deb.debian.org/debian"
	}
	if s.SecurityMirror == "" {
		s.SecurityMirror = "http://deb.debian.org/debian-security"
	}
	if !slices.ContainsFunc(s.Env, func(pair string) bool { return strings.HasPrefix(pair, "PATH=") }) {
		s.Env = append(slices.Clone(s.Env), "PATH="+debianPath)
	}
	for _, list := range []*[]string{&s.Components, &s.Packages, &s.Exclude, &s.Include, &s.Env} {
		*list = slices.Compact(slices.Sorted(slices.Values(*list)))
	}
	return s
}

// Key identifies what a spec asks for on this machine's architecture: a layout
// that has it answers the spec, with the package versions of the day it was
// built.
func (s Spec) Key() string {
	b, err := json.Marshal(struct {
		Form         int    `json:"form"`
		Architecture string `json:"architecture"`
		Spec         Spec   `json:"spec"`
	}{form, runtime.GOARCH, s.complete()})
	if err != nil {
		panic("image: a spec of strings that JSON can't hold: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Every field ends up in an argument or a file of apt or dpkg, so each one is
// held to the form that it has there.
var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	suiteForm   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	packageForm = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?$`)
	patternForm = regexp.MustCompile(`^/[A-Za-z0-9_./+*?\[\]@:~-]+$`)
	envForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=[^\x00\n]*$`)
)

// Check says what is wrong with a spec.
func (s Spec) Check() error {
	s = s.complete()
	if len(s.Packages) == 0 {
		return fmt.Errorf("image %q: no packages", s.Name)
	}
	for _, c := range []struct {
		what   string
		form   *regexp.Regexp
		values []string
	}{
		{"name", nameForm, []string{s.Name}},
		{"suite", suiteForm, []string{s.Suite}},
		{"component", suiteForm, s.Components},
		{"package", packageForm, s.Packages},
		{"excluded path", patternForm, s.Exclude},
		{"included path", patternForm, s.Include},
		{"environment", envForm, s.Env},
	} {
		for _, v := range c.values {
			if !c.form.MatchString(v) {
				return fmt.Errorf("image %q: %s %q does not match %s", s.Name, c.what, v, c.form)
			}
		}
	}
	for _, m := range []string{s.Mirror, s.SecurityMirror} {
		u, err := url.Parse(m)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsAny(m, " \t\n[]") {
			return fmt.Errorf("image %q: mirror %q is not an http or https address", s.Name, m)
		}
	}
	return nil
}
