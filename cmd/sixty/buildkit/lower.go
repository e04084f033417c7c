package buildkit

import (
	"fmt"
	"net"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// Store ids of the content that the session offers to the engine.
const (
	blobStore   = "sixty-blobs"
	layoutStore = "sixty-layout-"
)

// platform is the only one that sixty-init is built for.
var platform = ocispecs.Platform{OS: "linux", Architecture: "amd64"}

// lowering turns steps of one graph into LLB; each step is lowered once.
type lowering struct {
	graph   *plan.Graph
	planned map[string]plan.Step // the graph's, by ID
	init    digest.Digest
	steps   map[string]lowered // by step ID
	// fetched are the blobs of sets of downloads, by plan.FetchKey.
	fetched map[string]string
}

// lowered is what later steps can mount of a step.
type lowered struct {
	// record holds logs, sixty-init's record, and outputs under outputs/NAME.
	record llb.State
	// volumes are the outputs that are mounts of their own.
	volumes map[string]folder
}

// folder is a folder of a state; empty is its root.
type folder struct {
	state llb.State
	path  string
}

// option mounts the folder, and not all of its state.
func (f folder) option(opts []llb.MountOption) []llb.MountOption {
	if f.path == "" {
		return opts
	}
	return append(opts, llb.SourcePath(f.path))
}

// step lowers a step and, through its mounts, what it depends on.
func (l *lowering) step(s plan.Step) (lowered, error) {
	if st, ok := l.steps[s.ID]; ok {
		return st, nil
	}
	root, err := l.image(s.Image)
	if err != nil {
		return lowered{}, fmt.Errorf("step %q: %w", s.ID, err)
	}
	opts, err := l.runOptions(s)
	if err != nil {
		return lowered{}, fmt.Errorf("step %q: %w", s.ID, err)
	}
	exec := root.Run(opts...)
	exec.AddMount(stepspec.Init, l.blob(l.init.String(), "init", 0o755), llb.SourcePath("/init"), llb.Readonly)
	mounted := map[string]folder{}
	for _, m := range s.Mounts {
		kept := slices.ContainsFunc(s.Outputs, func(o plan.Output) bool { return o.Volume && o.Path == m.Target })
		if mounted[m.Target], err = l.mount(exec, m, kept); err != nil {
			return lowered{}, fmt.Errorf("step %q: mount %s: %w", s.ID, m.Target, err)
		}
	}
	if err := l.services(exec, s.Services); err != nil {
		return lowered{}, fmt.Errorf("step %q: %w", s.ID, err)
	}
	out := lowered{record: exec.AddMount(stepspec.Record, llb.Scratch()), volumes: map[string]folder{}}
	for _, o := range s.Outputs {
		if !o.Volume {
			continue
		}
		left, ok := mounted[o.Path]
		if !ok {
			left.state = exec.AddMount(o.Path, llb.Scratch())
		}
		out.volumes[o.Name] = left
	}
	l.steps[s.ID] = out
	return out, nil
}

func (l *lowering) runOptions(s plan.Step) ([]llb.RunOption, error) {
	spec := stepspec.Spec(l.graph, s)
	var opts []llb.RunOption
	if c := s.Conditions; c != nil {
		spec.CPUs = c.CPUs
		for _, link := range c.Links {
			spec.Links = append(spec.Links, initrec.Link(link))
		}
		if c.Hostname != "" {
			opts = append(opts, llb.With(llb.Hostname(c.Hostname)))
		}
	}
	arg, err := spec.Encode()
	if err != nil {
		return nil, err
	}
	args := append([]string{stepspec.Init, "run", "--spec", arg, "--"}, s.Command...)
	opts = append(opts, llb.Args(args), llb.Dir(s.Dir), llb.WithCustomName(vertexName(s.ID)))
	image, _ := l.graph.Image(s.Image)
	for _, pair := range append(append([]string{}, image.Env...), s.Env...) {
		name, value, _ := strings.Cut(pair, "=")
		opts = append(opts, llb.AddEnv(name, value))
	}
	for _, service := range s.Services {
		opts = append(opts, llb.AddExtraHost(service.Name, net.ParseIP(service.Address)))
	}
	if s.Network != plan.NetworkHost {
		opts = append(opts, llb.Network(llb.NetModeNone))
	}
	for _, m := range s.Mounts {
		if m.Source.Kind == plan.SourceSecret {
			opts = append(opts, llb.AddSecret(m.Target, llb.SecretID(m.Source.Secret)))
		}
	}
	if loc := location(s.Range); loc != nil {
		opts = append(opts, loc)
	}
	return opts, nil
}

// vertexName marks a step's own vertex in the engine's status stream.
func vertexName(id string) string { return "sixty step " + id }

func location(r plan.Range) llb.ConstraintsOpt {
	if r.File == "" {
		return nil
	}
	sm := llb.NewSourceMap(nil, r.File, "HCL", nil)
	return sm.Location([]*pb.Range{{
		Start: &pb.Position{Line: int32(r.StartLine), Character: int32(r.StartColumn)},
		End:   &pb.Position{Line: int32(r.EndLine), Character: int32(r.EndColumn)},
	}})
}

func (l *lowering) image(name string) (llb.State, error) {
	image, ok := l.graph.Image(name)
	if !ok {
		return llb.State{}, fmt.Errorf("image %q is not in the plan", name)
	}
	if image.Layout != "" {
		return llb.OCILayout("sixty.local/"+image.Name+"@"+image.Digest,
			llb.OCIStore("", layoutStore+image.Name), llb.WithCustomName("image "+image.Name), llb.Platform(platform)), nil
	}
	return llb.Image(image.Ref, llb.WithCustomName("image "+image.Name), llb.Platform(platform)), nil
}

// blob is one file of the session's content store.
func (l *lowering) blob(dgst, name string, mode int) llb.State {
	return llb.OCILayoutBlob("sixty.local/blob@"+dgst,
		llb.ImageBlobOCIStore("", blobStore), llb.Filename(name), llb.Chmod(fileMode(mode)),
		llb.WithCustomName("source "+name))
}

// tree is a blob that is a tar, unpacked.
func (l *lowering) tree(dgst, target string) llb.State {
	tar := l.blob(dgst, "source.tar", 0o644)
	return llb.Scratch().File(llb.Copy(tar, "/source.tar", "/", &llb.CopyInfo{AttemptUnpack: true}), llb.WithCustomName("unpack "+target))
}

// files is a folder of downloads, of which the session has one blob.
func (l *lowering) files(files []plan.Fetch) (llb.State, error) {
	dgst, ok := l.fetched[plan.FetchKey(files)]
	if !ok {
		return llb.State{}, fmt.Errorf("the %d downloads were not collected", len(files))
	}
	return l.tree(dgst, fmt.Sprintf("%d downloads", len(files))), nil
}

// outputPath is where a record has an output.
func outputPath(name string) string { return path.Join("/", initrec.OutputsDir, name) }

// mount adds a mount. What it returns is what the command leaves there, if it
// is to be kept.
func (l *lowering) mount(exec llb.ExecState, m plan.Mount, kept bool) (folder, error) {
	var opts []llb.MountOption
	switch {
	case !m.Writable:
		opts = append(opts, llb.Readonly)
	case !kept:
		opts = append(opts, llb.ForceNoOutput)
	}
	// Every source is addressed by content or by the key of the step that
	// made it, so hashing the files again would tell nothing new.
	opts = append(opts, llb.ContentCache(llb.MountContentCacheOff))
	switch src := m.Source; src.Kind {
	case plan.SourceCache:
		return folder{state: exec.AddMount(m.Target, llb.Scratch(), llb.AsPersistentCacheDir(src.Cache, llb.CacheMountShared))}, nil
	case plan.SourceScratch:
		if !kept {
			opts = []llb.MountOption{llb.ForceNoOutput}
		}
		return folder{state: exec.AddMount(m.Target, llb.Scratch(), opts...)}, nil
	case plan.SourceSecret:
		return folder{}, nil // a run option, see runOptions
	default:
		from, err := l.source(m)
		if err != nil {
			return folder{}, err
		}
		return folder{exec.AddMount(m.Target, from.state, from.option(opts)...), from.path}, nil
	}
}

// source is what a mount begins as.
func (l *lowering) source(m plan.Mount) (folder, error) {
	switch src := m.Source; src.Kind {
	case plan.SourceBlob:
		return folder{state: l.tree(src.Digest, m.Target)}, nil
	case plan.SourceFetch:
		files, err := l.files(src.Files)
		return folder{state: files}, err
	case plan.SourceOutput, plan.SourceEarlier:
		step, ok := l.planned[src.Step]
		if !ok {
			return folder{}, fmt.Errorf("step %q is not in the plan", src.Step)
		}
		from, err := l.step(step)
		if err != nil {
			return folder{}, err
		}
		if volume, ok := from.volumes[src.Output]; ok {
			return volume, nil
		}
		return folder{from.record, outputPath(src.Output)}, nil
	default:
		return folder{}, fmt.Errorf("there is no content of kind %q", src.Kind)
	}
}
