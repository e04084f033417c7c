// Package setup is the clean room of a Rust crate: its crates downloaded by
// checksum, its dependencies compiled once, and the mounts that every later
// step starts from.
package setup

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Where things lie in every step's container.
const (
	SourceDir = "/src"
	TargetDir = "/target"
	VendorDir = "/vendor"
	cargoHome = "/cargo"
	HomeDir   = "/root"
)

// The steps that make the room, and the output of the second one.
const (
	VendorStep       = "setup.vendor"
	DependenciesStep = "setup.dependencies"
	TargetOutput     = "target"
)

// Dirs are the folders that every step finds its things in.
func Dirs() []string { return []string{SourceDir, TargetDir, VendorDir, cargoHome} }

// Input is what the clean room is made from.
type Input struct {
	// Image names the image in the plan.
	Image string
	// Tree is the source as a blob.
	Tree blob.Blob
	// Skeleton is the least tree that compiles the dependencies.
	Skeleton *cargo.Skeleton
	// Foundation is the tree with the members that others need; nil when there
	// is none.
	Foundation *cargo.Skeleton
	// Commands are what later steps run; they decide for which profiles the
	// dependencies are compiled.
	Commands [][]string
	// Sources are the crates that the lockfile pins.
	Sources cargo.SourceSet
	// Store keeps the blobs that are made here.
	Store *blob.Store
	// Prefix is put before every path of the clean room; empty but where a
	// build is repeated elsewhere.
	Prefix string
	// Epoch is the SOURCE_DATE_EPOCH of every step, in seconds since 1970;
	// zero is [DefaultEpoch].
	Epoch int64
}

// DefaultEpoch is the time that tools write in the place of the present one
// (https://reproducible-builds.org/specs/source-date-epoch/): 1980-01-01, the
// first day that zip archives can hold. It is the same for every source, so
// that what was compiled of the dependencies stays good.
const DefaultEpoch = 315532800

// EpochVariable names the environment variable with the time.
const EpochVariable = "SOURCE_DATE_EPOCH"

func epoch(seconds int64) string {
	if seconds == 0 {
		seconds = DefaultEpoch
	}
	return EpochVariable + "=" + strconv.FormatInt(seconds, 10)
}

// Room is the clean room.
type Room struct {
	// Steps make it.
	Steps []plan.Step
	// Mounts and Env are what every later step gets.
	Mounts []plan.Mount
	Env    []string
	// Foundation is what [Ahead] works on; nil when there is nothing to do ahead.
	Foundation *Foundation
}

// Plain is the room of steps that need no more than the source, with prefix and
// time as in [Input].
func Plain(tree blob.Blob, prefix string, seconds int64) Room {
	return Room{
		Mounts: []plan.Mount{{Target: prefix + SourceDir, Source: BlobSource(tree), Writable: true}},
		Env:    []string{epoch(seconds)},
	}
}

// Plan plans the clean room. A crate without dependencies needs no steps. The
// error says which dependency can't be had.
func Plan(in Input) (Room, error) {
	if git := in.Sources.Git; len(git) > 0 {
		more := ""
		if len(git) > 1 {
			more = fmt.Sprintf(" (and %d more from git)", len(git)-1)
		}
		return Room{}, fmt.Errorf("%s %s comes from the git repository %s%s; git dependencies can't be fetched by checksum yet: publish it to a registry, or vendor it as a path dependency",
			git[0].Name, git[0].Version, git[0].Source.URL, more)
	}
	home, err := homeBlob(in, "")
	if err != nil {
		return Room{}, err
	}
	room := Room{Env: []string{
		"CARGO_HOME=" + in.Prefix + cargoHome,
		"CARGO_INCREMENTAL=0",
		"CARGO_NET_OFFLINE=true",
		"CARGO_TARGET_DIR=" + in.Prefix + TargetDir,
		"CARGO_TERM_COLOR=never",
		"HOME=" + in.Prefix + HomeDir,
		epoch(in.Epoch),
	}}
	room.Mounts = []plan.Mount{
		{Target: in.Prefix + SourceDir, Source: BlobSource(in.Tree), Writable: true},
		{Target: in.Prefix + cargoHome, Source: BlobSource(home), Writable: true},
	}
	if len(in.Sources.Crates) == 0 {
		// Cargo's configuration names the folder, so it has to be there.
		room.Mounts = append(room.Mounts, plan.Mount{Target: in.Prefix + VendorDir, Source: plan.Source{Kind: plan.SourceScratch}})
		room.Foundation, err = foundation(in, room.Mounts)
		return room, err
	}
	vendor := plan.Mount{Target: in.Prefix + VendorDir, Source: plan.Source{Kind: plan.SourceOutput, Step: VendorStep, Output: "vendor"}}
	skeleton, err := in.Store.PutFiles(in.Skeleton.Files)
	if err != nil {
		return Room{}, fmt.Errorf("pack the dependency skeleton: %w", err)
	}
	// Of what a build has compiled, a check takes the metadata.
	wrapped, err := homeBlob(in, wrapper)
	if err != nil {
		return Room{}, err
	}
	room.Steps = []plan.Step{
		vendorStep(in),
		{
			ID: DependenciesStep, Stage: "setup", Name: "dependencies", Image: in.Image,
			// What is left of the crate itself is removed: sources older than
			// the skeleton's empty ones would count as compiled.
			Command: []string{"/bin/sh", "-euc", warm(in.Commands) + remove(in.Prefix+TargetDir, in.Skeleton.Stale)},
			Env:     append(slices.Clone(room.Env), initrec.UnitsVariable+"="+in.Prefix+TargetDir+"/.sixty"),
			Dir:     in.Prefix + SourceDir, Network: plan.NetworkNone, Timeout: 30 * time.Minute,
			Mounts: []plan.Mount{
				{Target: in.Prefix + SourceDir, Source: BlobSource(skeleton), Writable: true},
				{Target: in.Prefix + cargoHome, Source: BlobSource(wrapped), Writable: true},
				vendor,
			},
			Outputs: []plan.Output{{Name: TargetOutput, Path: in.Prefix + TargetDir, Volume: true}},
		},
	}
	room.Mounts = append(room.Mounts, vendor, plan.Mount{
		Target: in.Prefix + TargetDir, Writable: true,
		Source: plan.Source{Kind: plan.SourceOutput, Step: DependenciesStep, Output: TargetOutput},
	})
	room.Foundation, err = foundation(in, room.Mounts)
	return room, err
}

// Upon has the step that compiles the dependencies begin with what source holds
// and not with nothing: cargo compiles what differs from it, by the version,
// checksum, features, flags and dependencies of each crate.
func Upon(dependencies plan.Step, source plan.Source) plan.Step {
	from := plan.Mount{Target: TargetDir, Source: source, Writable: true}
	mounts := slices.Clone(dependencies.Mounts)
	if i := slices.IndexFunc(mounts, func(m plan.Mount) bool { return m.Target == from.Target }); i >= 0 {
		mounts[i] = from
	} else {
		mounts = append(mounts, from)
	}
	dependencies.Mounts = mounts
	return dependencies
}

func vendorStep(in Input) plan.Step {
	s := plan.Step{
		ID: VendorStep, Stage: "setup", Name: "vendor", Image: in.Image,
		Command: []string{"/.sixty/init", "vendor", "--crates", "/crates", "--out", in.Prefix + VendorDir},
		Dir:     "/", Network: plan.NetworkNone, Timeout: 10 * time.Minute,
		Outputs: []plan.Output{{Name: "vendor", Path: in.Prefix + VendorDir, Volume: true}},
	}
	src := plan.Source{Kind: plan.SourceFetch}
	for _, c := range in.Sources.Crates {
		src.Files = append(src.Files, plan.Fetch{Name: c.File(), URL: c.URL, SHA256: c.SHA256})
	}
	s.Mounts = []plan.Mount{{Target: "/crates", Source: src}}
	return s
}

// wrapper has cargo call sixty-init in the place of the compiler. It is a
// setting of cargo's home, so a project's own wrapper goes before it.
const wrapper = "rustc-wrapper = \"/.sixty/init\"\n"

// homeBlob is CARGO_HOME with the configuration that puts the vendored crates
// in the place of every registry, and more in its table "build".
func homeBlob(in Input, more string) (blob.Blob, error) {
	config := cargo.VendorConfig(in.Sources, in.Prefix+VendorDir) + remapConfig(in.Prefix) + more
	b, err := in.Store.PutFiles(map[string][]byte{"config.toml": []byte(config)})
	if err != nil {
		return blob.Blob{}, fmt.Errorf("pack cargo's configuration: %w", err)
	}
	return b, nil
}

// remapConfig makes rustc write the usual paths wherever the clean room lies
// (--remap-path-prefix). It stands in cargo's configuration and not in
// RUSTFLAGS, which would put a project's own flags out of force.
func remapConfig(prefix string) string {
	var flags []string
	for _, dir := range Dirs() {
		flags = append(flags, fmt.Sprintf("%q", "--remap-path-prefix="+prefix+dir+"="+dir))
	}
	return "\n[build]\nrustflags = [" + strings.Join(flags, ", ") + "]\n"
}

// remove is the shell command that deletes what patterns match below the
// target folder. The patterns come from a manifest, so all but the wildcard is
// quoted, and none leads out of the folder.
func remove(target string, patterns []string) string {
	var b strings.Builder
	for _, p := range patterns {
		parts := strings.Split(path.Join(target, path.Join("/", p)), "*")
		for i, part := range parts {
			parts[i] = "'" + strings.ReplaceAll(part, "'", `'\''`) + "'"
		}
		b.WriteString("rm -rf -- " + strings.Join(parts, "*") + "\n")
	}
	return b.String()
}

// BlobSource mounts a tree.
func BlobSource(b blob.Blob) plan.Source {
	return plan.Source{Kind: plan.SourceBlob, Digest: b.Digest, Path: b.Path, Size: b.Size}
}

// authorities is where a step with the network finds the host's certificate
// authorities.
const authorities = "/.sixty/ca"

// Online gives a step that has the network the certificate authorities of the
// host, as people behind a proxy that terminates TLS need. An empty bundle
// leaves the step with those of its image.
func Online(s plan.Step, bundle blob.Blob) plan.Step {
	if bundle.Digest == "" {
		return s
	}
	s.Mounts = append(slices.Clone(s.Mounts), plan.Mount{Target: authorities, Source: BlobSource(bundle)})
	own := map[string]bool{}
	for _, pair := range s.Env {
		name, _, _ := strings.Cut(pair, "=")
		own[name] = true
	}
	env := slices.Clone(s.Env)
	for _, name := range []string{"CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE"} {
		if !own[name] {
			env = append(env, name+"="+authorities+"/"+AuthoritiesFile)
		}
	}
	slices.Sort(env)
	s.Env = env
	return s
}

// AuthoritiesFile is the name of the certificate bundle in the blob that Online
// takes.
const AuthoritiesFile = "ca-certificates.crt"

// Lockfile is the step that makes a missing Cargo.lock. It is the only one that
// has the network, since it asks registries which versions there are; its
// output is the lockfile.
func Lockfile(image string, tree blob.Blob) plan.Step {
	return plan.Step{
		ID: "setup.lockfile", Stage: "setup", Name: "lockfile", Image: image,
		Command: []string{"cargo", "generate-lockfile"},
		Env:     []string{"CARGO_HOME=/tmp/cargo", "CARGO_TERM_COLOR=never", "HOME=/root"},
		Dir:     SourceDir, Network: plan.NetworkHost, Timeout: 5 * time.Minute,
		Mounts:  []plan.Mount{{Target: SourceDir, Source: BlobSource(tree), Writable: true}},
		Outputs: []plan.Output{{Name: "Cargo.lock", Path: SourceDir + "/Cargo.lock"}},
	}
}
