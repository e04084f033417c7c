package market

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Index is a list of packs that a web server offers: index.json, with the
// archives beside it. `sixty market index` writes one.
type Index struct {
	Version int          `json:"version"`
	Packs   []IndexEntry `json:"packs"`
}

// IndexEntry is one pack in one version.
type IndexEntry struct {
	Manifest
	Digest string `json:"digest"`
	// Archive is the address of the gzipped tar, relative to the index.
	Archive string `json:"archive"`
	// Signature is the digest of the pack's signatures, which lie beside the
	// archive, at its address with ".sigstore.json"; empty where there are none.
	Signature string `json:"signature,omitempty"`
}

const (
	indexVersion = 1
	maxIndexSize = 256 << 20
)

// HTTPSource offers the packs of an [Index] on a web server.
type HTTPSource struct {
	address string
	client  *http.Client
	cache   *Cache
}

// NewHTTPSource makes a source of the index at an http or https address. Packs
// are kept in the cache.
func NewHTTPSource(address string, client *http.Client, cache *Cache) (*HTTPSource, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("%q is not an http or https address", address)
	}
	return &HTTPSource{address: address, client: client, cache: cache}, nil
}

// Name implements [Source].
func (s *HTTPSource) Name() string { return s.address }

// List implements [Source].
func (s *HTTPSource) List(ctx context.Context) ([]Entry, []error, error) {
	data, err := s.get(ctx, s.address, maxIndexSize)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, []error{err}, nil
	}
	entries, err := parseIndex(data, s.address)
	if err != nil {
		return nil, []error{err}, nil //nolint:nilerr // a source that says nothing is a fault among others
	}
	return entries, nil, nil
}

func parseIndex(data []byte, name string) ([]Entry, error) {
	var ix Index
	if err := json.Unmarshal(data, &ix); err != nil {
		return nil, fmt.Errorf("read the index %s: %w", name, err)
	}
	if ix.Version != indexVersion {
		return nil, fmt.Errorf("the index %s has version %d, this sixty reads version %d", name, ix.Version, indexVersion)
	}
	entries := make([]Entry, len(ix.Packs))
	for i, p := range ix.Packs {
		if !idPattern.MatchString(p.ID) || len(p.ID) > maxIDLength {
			return nil, fmt.Errorf("the index %s lists %q, which is not a pack id", name, p.ID)
		}
		entries[i] = Entry{Manifest: p.Manifest, Location: p.Archive, Digest: p.Digest, Signature: p.Signature}
	}
	return entries, nil
}

// Open implements [Source].
func (s *HTTPSource) Open(ctx context.Context, e Entry) (*Pack, error) {
	if !validDigest(e.Digest) {
		return nil, fmt.Errorf("the index gives %q as the digest, which is a placeholder: the pack can't be checked and is refused", e.Digest)
	}
	fsys, err := s.cache.Get(e.Digest)
	if errors.Is(err, fs.ErrNotExist) {
		fsys, err = s.fetch(ctx, e)
	}
	if err != nil {
		return nil, err
	}
	p, err := ReadPack(fsys, e.ID, s.address)
	if err != nil {
		return nil, err
	}
	return s.cache.Signed(p, e.Signature, func() ([]byte, error) {
		address, err := s.archive(e)
		if err != nil {
			return nil, err
		}
		return s.get(ctx, address+signatureSuffix, maxSignatureSize)
	})
}

// signatureSuffix follows the address of an archive where its signatures lie.
const signatureSuffix = ".sigstore.json"

// archive is the address of an entry's archive.
func (s *HTTPSource) archive(e Entry) (string, error) {
	base, err := url.Parse(s.address)
	if err != nil {
		return "", err
	}
	ref, err := base.Parse(e.Location)
	if err != nil || (ref.Scheme != "https" && ref.Scheme != base.Scheme) {
		return "", fmt.Errorf("the index gives %q as the archive, which is not an address it may give", e.Location)
	}
	return ref.String(), nil
}

func (s *HTTPSource) fetch(ctx context.Context, e Entry) (fs.FS, error) {
	address, err := s.archive(e)
	if err != nil {
		return nil, err
	}
	res, err := s.request(ctx, address)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	fsys, _, err := s.cache.Unpack(ctx, io.LimitReader(res.Body, maxPackSize), e.Digest)
	return fsys, err
}

func (s *HTTPSource) request(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("fetch %s: the server answers %s", address, res.Status)
	}
	return res, nil
}

func (s *HTTPSource) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	res, err := s.request(ctx, address)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("fetch %s: over %d bytes", address, limit)
	}
	return data, nil
}

// WriteIndex writes an index of a source's packs, and an archive of each, into a
// folder that a web server can serve as it is. A pack that can't be read is an
// error.
func WriteIndex(ctx context.Context, s Source, dir string) (*Index, error) {
	entries, faults, err := s.List(ctx)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the index: %w", err)
	}
	ix := &Index{Version: indexVersion, Packs: []IndexEntry{}}
	for _, e := range entries {
		p, err := s.Open(ctx, e)
		if err != nil {
			return nil, err
		}
		name := p.ID + "-" + strings.ReplaceAll(p.Version, "+", "_") + ".tar.gz"
		if err := writeArchiveFile(ctx, filepath.Join(dir, name), p.FS); err != nil {
			return nil, fmt.Errorf("write the archive of %s: %w", p.ID, err)
		}
		if len(p.Signature) > 0 {
			if err := replaceFile(filepath.Join(dir, name+signatureSuffix), p.Signature); err != nil {
				return nil, err
			}
		}
		ix.Packs = append(ix.Packs, IndexEntry{Manifest: p.Manifest, Digest: p.Digest, Archive: path.Base(name), Signature: SignatureDigest(p.Signature)})
	}
	data, err := json.MarshalIndent(ix, "", "  ")
	if err != nil {
		return nil, err
	}
	return ix, replaceFile(filepath.Join(dir, "index.json"), append(data, '\n'))
}

func writeArchiveFile(ctx context.Context, name string, pack fs.FS) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(WriteArchive(ctx, f, pack), f.Close())
}
