package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	digest "github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Annotations of ours.
const (
	// packagesAnnotation, of the manifest, is the digest of the list of
	// installed packages, a JSON blob of the layout.
	packagesAnnotation = "io.github.sixtyhq.packages"
	// keyAnnotation, of the index's entry, is the key of the spec. It is not
	// in the manifest, whose digest depends on the content alone.
	keyAnnotation = "io.github.sixtyhq.spec"
)

// maxJSON bounds each JSON file of a layout, in bytes.
const maxJSON = 8 << 20

// Info is a built image.
type Info struct {
	Name string
	// Ref is the image's place and digest, oci-layout://NAME@sha256:….
	Ref string
	// Digest is that of the manifest, sha256:….
	Digest string
	// Dir is the folder of the OCI layout.
	Dir string
	// Key is the Key of the spec that it was built from.
	Key string
	Config
	Packages []Package
	// Epoch is the time of the newest file of its packages.
	Epoch time.Time
	// SizeBytes is the size of its blobs.
	SizeBytes int64
}

// writer makes the blobs of a layout.
type writer struct{ dir string }

func newLayout(dir string) (writer, error) {
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		return writer{}, err
	}
	w := writer{dir}
	return w, w.json(filepath.Join(dir, ocispecs.ImageLayoutFile), ocispecs.ImageLayout{Version: ocispecs.ImageLayoutVersion})
}

// stream makes a blob of unknown length from what write puts out.
func (w writer) stream(write func(io.Writer) error) (digest.Digest, int64, error) {
	f, err := os.CreateTemp(w.dir, ".blob-")
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(f.Name()) // it has been renamed, or is useless
	defer f.Close()
	sum := sha256.New()
	if err := write(io.MultiWriter(f, sum)); err != nil {
		return "", 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return "", 0, err
	}
	d := digest.NewDigestFromEncoded(digest.SHA256, hex.EncodeToString(sum.Sum(nil)))
	return d, info.Size(), os.Rename(f.Name(), blobPath(w.dir, d))
}

// blob makes a blob of a value's JSON.
func (w writer) blob(mediaType string, value any) (ocispecs.Descriptor, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return ocispecs.Descriptor{}, err
	}
	d := digest.FromBytes(b)
	return ocispecs.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(b))}, os.WriteFile(blobPath(w.dir, d), b, 0o644)
}

func (w writer) json(name string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

// finish writes configuration, package list, manifest and index around the one
// layer.
func (w writer) finish(spec Spec, layer ocispecs.Descriptor, packages []Package, epoch time.Time) error {
	list, err := w.blob("application/json", packages)
	if err != nil {
		return fmt.Errorf("write the list of packages: %w", err)
	}
	config, err := w.blob(ocispecs.MediaTypeImageConfig, ocispecs.Image{
		Created:  &epoch,
		Platform: ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config:   ocispecs.ImageConfig{Env: spec.Env, WorkingDir: "/"},
		RootFS:   ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{layer.Digest}},
	})
	if err != nil {
		return fmt.Errorf("write the image's configuration: %w", err)
	}
	manifest, err := w.blob(ocispecs.MediaTypeImageManifest, ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest,
		Config: config, Layers: []ocispecs.Descriptor{layer},
		Annotations: map[string]string{packagesAnnotation: list.Digest.String()},
	})
	if err != nil {
		return fmt.Errorf("write the image's manifest: %w", err)
	}
	manifest.Annotations = map[string]string{ocispecs.AnnotationRefName: spec.Name, keyAnnotation: spec.Key()}
	err = w.json(filepath.Join(w.dir, ocispecs.ImageIndexFile), ocispecs.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex,
		Manifests: []ocispecs.Descriptor{manifest},
	})
	if err != nil {
		return fmt.Errorf("write the layout's index: %w", err)
	}
	return nil
}

func blobPath(dir string, d digest.Digest) string {
	return filepath.Join(dir, "blobs", d.Algorithm().String(), d.Encoded())
}

// ErrNone says that there is no image at a place.
var ErrNone = errors.New("no image there")

// Open reads a layout that Build has made. The JSON in it is checked against
// its digests; of the layer only the size is, because engines check its digest
// as they take it. The error is ErrNone when there is nothing.
func Open(dir string) (Info, error) {
	info, err := open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
			return Info{}, fmt.Errorf("open image %s: %w", dir, ErrNone)
		}
	}
	if err != nil {
		return Info{}, fmt.Errorf("open image %s: %w: remove the folder and build the image again", dir, err)
	}
	return info, nil
}

func open(dir string) (Info, error) {
	var index ocispecs.Index
	if err := readJSON(filepath.Join(dir, ocispecs.ImageIndexFile), "", &index); err != nil {
		return Info{}, err
	}
	if len(index.Manifests) != 1 {
		return Info{}, fmt.Errorf("the index has %d manifests, not one", len(index.Manifests))
	}
	entry := index.Manifests[0]
	var manifest ocispecs.Manifest
	if err := readBlob(dir, entry.Digest, &manifest); err != nil {
		return Info{}, err
	}
	var config ocispecs.Image
	if err := readBlob(dir, manifest.Config.Digest, &config); err != nil {
		return Info{}, err
	}
	info := Info{
		Name: entry.Annotations[ocispecs.AnnotationRefName], Key: entry.Annotations[keyAnnotation],
		Digest: entry.Digest.String(), Dir: dir,
		Config: Config{Env: config.Config.Env, User: config.Config.User, Dir: config.Config.WorkingDir,
			Command: slices.Concat(config.Config.Entrypoint, config.Config.Cmd)},
		SizeBytes: entry.Size + manifest.Config.Size,
	}
	info.Ref = "oci-layout://" + info.Name + "@" + info.Digest
	if config.Created != nil {
		info.Epoch = *config.Created
	}
	// A layout that other programs made has no list.
	if list, ok := manifest.Annotations[packagesAnnotation]; ok {
		if err := readBlob(dir, digest.Digest(list), &info.Packages); err != nil {
			return Info{}, fmt.Errorf("list of packages: %w", err)
		}
	}
	for _, l := range manifest.Layers {
		if err := l.Digest.Validate(); err != nil {
			return Info{}, err
		}
		stat, err := os.Stat(blobPath(dir, l.Digest))
		if err != nil {
			return Info{}, err
		}
		if stat.Size() != l.Size {
			return Info{}, fmt.Errorf("layer %s has %d bytes, not %d", l.Digest, stat.Size(), l.Size)
		}
		info.SizeBytes += l.Size
	}
	return info, nil
}

func readBlob(dir string, d digest.Digest, into any) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w", d, err)
	}
	return readJSON(blobPath(dir, d), d, into)
}

// readJSON reads a file of bounded size, and checks its digest if there is one.
func readJSON(name string, want digest.Digest, into any) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return err
	}
	if len(b) > maxJSON {
		return fmt.Errorf("%s is longer than %d bytes", name, maxJSON)
	}
	if want != "" && want.Algorithm().FromBytes(b) != want {
		return fmt.Errorf("%s does not have its digest", name)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
