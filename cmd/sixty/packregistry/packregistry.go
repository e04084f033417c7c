// Package packregistry keeps packs in a repository of an OCI registry: one
// artifact for each version, tagged with it.
//
// An artifact is an image manifest (OCI image specification) whose config has
// the media type application/vnd.sixty.pack.v1, with one layer, the gzipped tar
// of the pack's content, and where it is signed a second one, the sigstore bundles.
// Its annotations carry the pack's manifest, as JSON, and the
// digest of the content, so that listing needs no layer.
package packregistry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sixtyhq/sixty/internal/market"
)

// The media types and annotations of a pack.
const (
	ArtifactType  = "application/vnd.sixty.pack.v1"
	ContentType   = "application/vnd.sixty.pack.content.v1.tar+gzip"
	SignatureType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	manifestKey   = "io.sixty.pack.manifest"
	digestKey     = "io.sixty.pack.digest"
	maxTags       = 10_000
	maxManifest   = 1 << 20
	maxSignature  = 4 << 20
	referenceHint = "give it as registry.example.org/path/of/packs"
)

// Source offers the packs of one repository.
type Source struct {
	repo  name.Repository
	cache *market.Cache
	opts  []remote.Option
}

// Options is how to reach a registry.
type Options struct {
	// Transport carries the requests; nil is the default one.
	Transport http.RoundTripper
	// Keychain finds credentials; nil is Docker's configuration.
	Keychain authn.Keychain
}

// New makes a source of a repository, such as registry.example.org/packs. A
// registry on localhost is spoken to without TLS.
func New(repository string, cache *market.Cache, o Options) (*Source, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return nil, fmt.Errorf("%q is not a repository of a registry: %w; %s", repository, err, referenceHint)
	}
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	opts := []remote.Option{remote.WithAuthFromKeychain(o.Keychain)}
	if o.Transport != nil {
		opts = append(opts, remote.WithTransport(o.Transport))
	}
	return &Source{repo: repo, cache: cache, opts: opts}, nil
}

// Opener opens the sources of a market's configuration that are repositories.
func Opener(cache *market.Cache, o Options) market.Opener {
	return func(spec market.SourceSpec) (market.Source, bool, error) {
		if spec.OCI == "" {
			return nil, false, nil
		}
		s, err := New(spec.OCI, cache, o)
		return s, true, err
	}
}

// Name implements [market.Source].
func (s *Source) Name() string { return "oci://" + s.repo.Name() }

// tag is a version as a tag, which may not have a plus sign.
func tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

// Push publishes a pack and gives its reference by digest. A version that is
// there already is an error, unless its content is the same.
func (s *Source) Push(ctx context.Context, p *market.Pack) (string, error) {
	ref := s.repo.Tag(tag(p.Version))
	existing, err := s.entry(ctx, ref)
	switch {
	case err == nil && (existing.ID != p.ID || existing.Digest != p.Digest):
		return "", fmt.Errorf("publish %s: %s is there with other content (%s %s); publish a new version", p.ID, ref, existing.ID, existing.Digest)
	case err == nil && (len(p.Signature) == 0 || existing.Signature == market.SignatureDigest(p.Signature)):
		return s.repo.Digest(existing.Location).String(), nil
	case err == nil: // the same content, signed now
	case !isNotFound(err):
		return "", fmt.Errorf("publish %s: %w", p.ID, err)
	}
	img, err := artifact(ctx, p)
	if err != nil {
		return "", fmt.Errorf("publish %s: %w", p.ID, err)
	}
	if err := remote.Write(ref, img, s.with(ctx)...); err != nil {
		return "", fmt.Errorf("publish %s to %s: %w", p.ID, ref, err)
	}
	d, err := img.Digest()
	if err != nil {
		return "", err
	}
	return s.repo.Digest(d.String()).String(), nil
}

// artifact makes the image of a pack; the same pack gives the same one.
func artifact(ctx context.Context, p *market.Pack) (v1.Image, error) {
	var content bytes.Buffer
	if err := market.WriteArchive(ctx, &content, p.FS); err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(p.Manifest)
	if err != nil {
		return nil, err
	}
	if len(manifest) > maxManifest {
		return nil, fmt.Errorf("the manifest is over %d bytes", maxManifest)
	}
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, ArtifactType) // what the artifact type is where a manifest does not say
	img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(content.Bytes(), ContentType), MediaType: ContentType})
	if err != nil {
		return nil, err
	}
	if len(p.Signature) > 0 {
		img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(p.Signature, SignatureType), MediaType: SignatureType})
		if err != nil {
			return nil, err
		}
	}
	annotated, ok := mutate.Annotations(img, map[string]string{
		manifestKey: string(manifest), digestKey: p.Digest,
		"org.opencontainers.image.title": p.ID, "org.opencontainers.image.version": p.Version,
		"org.opencontainers.image.description": p.Description, "org.opencontainers.image.licenses": p.License,
	}).(v1.Image)
	if !ok {
		return nil, errors.New("annotate the artifact")
	}
	return annotated, nil
}

// List implements [market.Source].
func (s *Source) List(ctx context.Context) ([]market.Entry, []error, error) {
	tags, err := remote.List(s.repo, s.with(ctx)...)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, []error{fmt.Errorf("list %s: %w", s.Name(), err)}, nil
	}
	if len(tags) > maxTags {
		return nil, []error{fmt.Errorf("list %s: over %d tags", s.Name(), maxTags)}, nil
	}
	var entries []market.Entry
	var faults []error
	for _, t := range tags {
		if _, err := semver.StrictNewVersion(strings.ReplaceAll(t, "_", "+")); err != nil {
			continue // latest and the like
		}
		e, err := s.entry(ctx, s.repo.Tag(t))
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			faults = append(faults, err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, faults, nil
}

// entry reads the manifest of an artifact. The location is its digest.
func (s *Source) entry(ctx context.Context, ref name.Reference) (market.Entry, error) {
	desc, err := remote.Get(ref, s.with(ctx)...)
	if err != nil {
		return market.Entry{}, fmt.Errorf("read %s: %w", ref, err)
	}
	m, err := v1.ParseManifest(bytes.NewReader(desc.Manifest))
	if err != nil {
		return market.Entry{}, fmt.Errorf("read %s: %w", ref, err)
	}
	if m.Config.MediaType != ArtifactType {
		return market.Entry{}, fmt.Errorf("%s is no pack but %s", ref, m.Config.MediaType)
	}
	e := market.Entry{Location: desc.Digest.String(), Digest: m.Annotations[digestKey]}
	for _, l := range m.Layers {
		if l.MediaType == SignatureType {
			e.Signature = l.Digest.String()
		}
	}
	if err := json.Unmarshal([]byte(m.Annotations[manifestKey]), &e.Manifest); err != nil {
		return market.Entry{}, fmt.Errorf("read the pack's manifest of %s: %w", ref, err)
	}
	return e, nil
}

// Open implements [market.Source]. Content in the cache needs no network.
func (s *Source) Open(ctx context.Context, e market.Entry) (*market.Pack, error) {
	ref, err := name.NewDigest(s.repo.Name() + "@" + e.Location)
	if err != nil {
		return nil, fmt.Errorf("%q is not the digest of an artifact: %w", e.Location, err)
	}
	fsys, err := s.cache.Get(e.Digest)
	if errors.Is(err, fs.ErrNotExist) {
		fsys, err = s.pull(ctx, ref, e.Digest)
	}
	if err != nil {
		return nil, err
	}
	p, err := market.ReadPack(fsys, e.ID, "oci://"+ref.String())
	if err != nil {
		return nil, err
	}
	return s.cache.Signed(p, e.Signature, func() ([]byte, error) {
		layer, err := s.layer(ctx, ref, SignatureType)
		if err != nil {
			return nil, err
		}
		content, err := layer.Compressed() // checked against the layer's digest as it is read
		if err != nil {
			return nil, err
		}
		defer content.Close()
		return io.ReadAll(io.LimitReader(content, maxSignature))
	})
}

// layer gives the one layer of an artifact that has a media type.
func (s *Source) layer(ctx context.Context, ref name.Digest, mediaType types.MediaType) (v1.Layer, error) {
	img, err := remote.Image(ref, s.with(ctx)...)
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	var found []v1.Layer
	for _, l := range layers {
		have, err := l.MediaType()
		if err != nil {
			return nil, fmt.Errorf("pull %s: %w", ref, err)
		}
		if have == mediaType {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("pull %s: a pack has one layer of %s, this has %d", ref, mediaType, len(found))
	}
	return found[0], nil
}

func (s *Source) pull(ctx context.Context, ref name.Digest, want string) (fs.FS, error) {
	layer, err := s.layer(ctx, ref, ContentType)
	if err != nil {
		return nil, err
	}
	content, err := layer.Compressed() // checked against the layer's digest as it is read
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	defer content.Close()
	fsys, _, err := s.cache.Unpack(ctx, content, want)
	return fsys, err
}

func (s *Source) with(ctx context.Context) []remote.Option {
	return append([]remote.Option{remote.WithContext(ctx)}, s.opts...)
}

func isNotFound(err error) bool {
	var te *transport.Error
	return errors.As(err, &te) && te.StatusCode == http.StatusNotFound
}
