package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// image is what there is to know of an OCI layout that sixty has built: one
// image of one uncompressed layer.
type image struct {
	// digest is that of the manifest.
	digest string
	// layer is the tar with the root file system, and layerName its digest.
	layer, layerName string
	// env is the environment of its processes, NAME=value.
	env []string
}

// onlyImage gives the digest of the one image that a layout holds.
func onlyImage(dir string) (digest string, err error) {
	var index struct {
		Manifests []struct {
			Digest string `json:"digest"`
		} `json:"manifests"`
	}
	if err := readJSON(filepath.Join(dir, "index.json"), &index); err != nil {
		return "", err
	}
	if len(index.Manifests) != 1 {
		return "", fmt.Errorf("it holds %d images instead of one", len(index.Manifests))
	}
	return index.Manifests[0].Digest, nil
}

// openImage reads a layout. Source:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
func openImage(dir string) (image, error) {
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
	}
	var manifest struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	var config struct {
		Config struct {
			Env []string
		} `json:"config"`
	}
	fail := func(err error) (image, error) {
		return image{}, fmt.Errorf("open the image in %s: %w; make it with: sixty image build rust", dir, err)
	}
	digest, err := onlyImage(dir)
	if err != nil {
		return fail(err)
	}
	if err := readJSON(blobPath(dir, digest), &manifest); err != nil {
		return fail(err)
	}
	if len(manifest.Layers) != 1 || !strings.HasSuffix(manifest.Layers[0].MediaType, ".tar") {
		return fail(fmt.Errorf("it is not made of one uncompressed layer"))
	}
	if err := readJSON(blobPath(dir, manifest.Config.Digest), &config); err != nil {
		return fail(err)
	}
	layer := manifest.Layers[0].Digest
	return image{
		digest: digest, layer: blobPath(dir, layer), env: config.Config.Env,
		layerName: strings.TrimPrefix(layer, "sha256:"),
	}, nil
}

func blobPath(dir, digest string) string {
	return filepath.Join(dir, "blobs", strings.Replace(digest, ":", string(filepath.Separator), 1))
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// linkTree makes a second tree of the same files: hard links where it can be,
// copies elsewhere.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if os.Link(path, target) == nil {
			return nil
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
