package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Package is what the check has to know of a locked package. Only packages of
// crates.io are looked up, as the database speaks of no other registry.
type Package struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	CratesIO bool   `json:"crates_io"`
}

func (p Package) key() string { return p.Name + " " + p.Version }

// Ignore is an advisory that the project has decided to live with.
type Ignore struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Options say how to check.
type Options struct {
	Ignore []Ignore
	// OS and Arch, in Rust's words ("linux", "x86_64"), leave out advisories
	// that are about other platforms alone. Empty leaves out none.
	OS, Arch []string
	// Yanked says of "name version" whether it is yanked, as the registry's
	// index has it. Packages that it does not hold were not checked.
	Yanked map[string]bool
	// Rust is the version of the toolchain, to look up its own advisories;
	// empty leaves them unchecked.
	Rust string
}

// Finding is an advisory that a package's version is affected by.
type Finding struct {
	Advisory Advisory `json:"advisory"`
	Package  Package  `json:"package"`
}

// Ignored is an entry of the ignore list and what it kept out of the report.
type Ignored struct {
	Ignore
	// Packages are those that the advisory affects; none says that the entry
	// has no use any more.
	Packages []Package `json:"packages"`
}

// Yanked is what is known of versions that were taken back from the registry.
type Yanked struct {
	// Status is "checked", "partly checked" or "not checked". Only "checked"
	// allows to read an empty list as none.
	Status string    `json:"status"`
	Found  []Package `json:"found"`
	// Unknown are the packages that the index data did not hold.
	Unknown []Package `json:"unknown,omitempty"`
}

// Report is the answer to one check.
type Report struct {
	Revision   Revision `json:"revision"`
	Newest     string   `json:"newest_advisory"`
	Advisories int      `json:"advisories"`
	// Checked is the number of packages that were looked up, Skipped those of
	// the project itself, other registries and git.
	Checked int       `json:"packages_checked"`
	Skipped []Package `json:"packages_skipped"`

	Vulnerabilities []Finding `json:"vulnerabilities"`
	Unmaintained    []Finding `json:"unmaintained"`
	Unsound         []Finding `json:"unsound"`
	Notices         []Finding `json:"notices"`
	// Other are informational advisories of a kind not known here.
	Other   []Finding `json:"other"`
	Yanked  Yanked    `json:"yanked"`
	Ignored []Ignored `json:"ignored"`
	// Toolchain are advisories of the Rust distribution; nil where the
	// version was not given.
	Toolchain []Finding `json:"toolchain"`
}

// Check looks every package up. Lists are sorted by package, version and id,
// and withdrawn advisories are left out.
func Check(packages []Package, db *DB, opts Options) (*Report, error) {
	if db == nil {
		return nil, ErrNoDatabase
	}
	r := &Report{
		Revision: db.Revision, Newest: db.Newest, Advisories: db.Count, Skipped: []Package{},
		Vulnerabilities: []Finding{}, Unmaintained: []Finding{}, Unsound: []Finding{}, Notices: []Finding{}, Other: []Finding{},
	}
	ignored, err := ignoreList(opts.Ignore)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if !p.CratesIO {
			r.Skipped = append(r.Skipped, p)
			continue
		}
		r.Checked++
		found, err := lookUp(db.crates[p.Name], p, opts)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if i, ok := ignored[f.Advisory.ID]; ok {
				i.Packages = append(i.Packages, p)
				continue
			}
			list := r.list(f.Advisory.Informational)
			*list = append(*list, f)
		}
	}
	if opts.Rust != "" {
		if r.Toolchain, err = toolchain(db, opts); err != nil {
			return nil, err
		}
	}
	r.Yanked = yanked(packages, opts.Yanked)
	for _, i := range ignored {
		r.Ignored = append(r.Ignored, *i)
	}
	r.sort()
	return r, nil
}

func ignoreList(list []Ignore) (map[string]*Ignored, error) {
	out := make(map[string]*Ignored, len(list))
	for _, i := range list {
		if !idForm.MatchString(i.ID) {
			return nil, fmt.Errorf("ignored advisory %q is not an advisory's id (RUSTSEC-YYYY-NNNN)", clip(i.ID))
		}
		if strings.TrimSpace(i.Reason) == "" {
			return nil, fmt.Errorf("ignored advisory %s needs a reason", i.ID)
		}
		if out[i.ID] != nil {
			return nil, fmt.Errorf("advisory %s is ignored twice", i.ID)
		}
		out[i.ID] = &Ignored{Ignore: i, Packages: []Package{}}
	}
	return out, nil
}

func (r *Report) list(informational string) *[]Finding {
	switch informational {
	case "":
		return &r.Vulnerabilities
	case "unmaintained":
		return &r.Unmaintained
	case "unsound":
		return &r.Unsound
	case "notice":
		return &r.Notices
	}
	return &r.Other
}

func lookUp(advisories []*Advisory, p Package, opts Options) ([]Finding, error) {
	if len(advisories) == 0 {
		return nil, nil
	}
	v, err := parseVersion(p.Version)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p.Name, err)
	}
	var out []Finding
	for _, a := range advisories {
		if a.Withdrawn != "" || a.source != "" && !strings.Contains(a.source, cratesIOIndex) ||
			!touches(a.OS, opts.OS) || !touches(a.Arch, opts.Arch) || !a.affects(v) {
			continue
		}
		out = append(out, Finding{Advisory: *a, Package: p})
	}
	return out, nil
}

// cratesIOIndex is how an advisory's source names crates.io.
const cratesIOIndex = "github.com/rust-lang/crates.io-index"

// touches reports whether an advisory about some platforms matters on others;
// an empty list on either side stands for all.
func touches(affected, asked []string) bool {
	return len(affected) == 0 || len(asked) == 0 ||
		slices.ContainsFunc(asked, func(a string) bool { return slices.Contains(affected, a) })
}

func toolchain(db *DB, opts Options) ([]Finding, error) {
	out := []Finding{}
	for name, advisories := range db.rust {
		found, err := lookUp(advisories, Package{Name: name, Version: opts.Rust}, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func yanked(packages []Package, index map[string]bool) Yanked {
	y := Yanked{Status: "checked", Found: []Package{}}
	if index == nil {
		y.Status = "not checked"
		return y
	}
	for _, p := range packages {
		if !p.CratesIO {
			continue
		}
		switch gone, ok := index[p.key()]; {
		case !ok:
			y.Unknown = append(y.Unknown, p)
		case gone:
			y.Found = append(y.Found, p)
		}
	}
	if len(y.Unknown) > 0 {
		y.Status = "partly checked"
	}
	return y
}

func (r *Report) sort() {
	byPackage := func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	}
	for _, list := range [][]Finding{r.Vulnerabilities, r.Unmaintained, r.Unsound, r.Notices, r.Other, r.Toolchain} {
		slices.SortFunc(list, func(a, b Finding) int {
			return cmp.Or(byPackage(a.Package, b.Package), cmp.Compare(a.Advisory.ID, b.Advisory.ID))
		})
	}
	slices.SortFunc(r.Ignored, func(a, b Ignored) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Yanked.Found, byPackage)
}
