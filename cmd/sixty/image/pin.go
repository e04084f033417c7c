package image

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pinTimeout bounds all that is asked of a registry for one image.
const pinTimeout = 20 * time.Second

// Pin returns the digest, sha256:…, of the image that a reference names now. A
// reference that has a digest already is not looked up. Credentials are those
// of the user's container tools; HTTP_PROXY, HTTPS_PROXY and NO_PROXY count.
func Pin(ctx context.Context, ref string) (string, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return "", fmt.Errorf("image reference %q: %w", ref, err)
	}
	if d, ok := parsed.(name.Digest); ok {
		return d.DigestStr(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, pinTimeout)
	defer cancel()
	desc, err := remote.Head(parsed, options(ctx)...)
	if err != nil {
		return "", fmt.Errorf("look up image %s: %w", ref, err)
	}
	return desc.Digest.String(), nil
}

// Config is what an image's configuration says of a container's process.
type Config struct {
	// Env is NAME=value.
	Env []string `json:"env"`
	// User, Dir and Command (entry point and arguments) may be empty.
	User    string   `json:"user,omitempty"`
	Dir     string   `json:"dir,omitempty"`
	Command []string `json:"command,omitempty"`
}

// Configuration returns the configuration of a registry's image for this
// machine's architecture.
func Configuration(ctx context.Context, ref string) (Config, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return Config{}, fmt.Errorf("image reference %q: %w", ref, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pinTimeout)
	defer cancel()
	img, err := remote.Image(parsed, append(options(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))...)
	if err != nil {
		return Config{}, fmt.Errorf("read image %s: %w", ref, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration of image %s: %w", ref, err)
	}
	c := config.Config
	return Config{Env: c.Env, User: c.User, Dir: c.WorkingDir, Command: slices.Concat(c.Entrypoint, c.Cmd)}, nil
}

// options keep a registry that does not answer from holding up a run.
func options(ctx context.Context) []remote.Option {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithTransport(transport),
		remote.WithUserAgent("sixty"),
	}
}
