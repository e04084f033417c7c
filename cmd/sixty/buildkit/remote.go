package buildkit

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/moby/buildkit/client"
	// The connection helpers register their schemes when they are imported.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/ssh"
	"github.com/sirupsen/logrus"
)

// dialTimeout bounds how long a remote engine may take to answer.
const dialTimeout = 15 * time.Second

// TLS are the files of mutual TLS; empty ones are not used.
type TLS struct {
	CA, Cert, Key string
	// ServerName is the name in the server's certificate, when it is not the
	// address's host.
	ServerName string
}

// Dial connects to a BuildKit and asks for its version: unix://, tcp://,
// docker-container://, kube-pod:// or ssh://.
func Dial(ctx context.Context, address string, tls TLS) (*client.Client, string, error) {
	logrus.SetOutput(io.Discard) // what the client's libraries log means nothing to a user
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return nil, "", fmt.Errorf("engine address %q: it must start with unix://, tcp://, docker-container://, kube-pod:// or ssh://", address)
	}
	var opts []client.ClientOpt
	if tls.CA != "" || tls.ServerName != "" {
		name := tls.ServerName
		if name == "" {
			name = u.Hostname()
		}
		opts = append(opts, client.WithServerConfig(name, tls.CA))
	}
	if tls.Cert != "" || tls.Key != "" {
		opts = append(opts, client.WithCredentials(tls.Cert, tls.Key))
	}
	c, err := client.New(ctx, address, opts...)
	if err != nil {
		return nil, "", fmt.Errorf("connect to the engine %s: %w", address, err)
	}
	asked, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	info, err := c.Info(asked)
	if err != nil {
		c.Close()
		return nil, "", fmt.Errorf("the engine at %s does not answer: %w", address, err)
	}
	return c, fmt.Sprintf("BuildKit %s at %s", info.BuildkitVersion.Version, address), nil
}
