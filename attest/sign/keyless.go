package sign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigsign "github.com/sigstore/sigstore-go/pkg/sign"
)

// Services are what signing talks to: which certificate authority, logs and
// timestamp authorities (sigstore signing config v0.2).
type Services struct{ config *root.SigningConfig }

// ServicesFromJSON reads a sigstore signing config.
func ServicesFromJSON(data []byte) (Services, error) {
	config, err := root.NewSigningConfigFromJSON(data)
	if err != nil {
		return Services{}, fmt.Errorf("read signing config: %w", err)
	}
	return Services{config}, nil
}

// PublicGoodServices fetches the signing config of the public sigstore
// instance, through TUF and its cache under the user's folder.
func PublicGoodServices() (Services, error) {
	config, err := root.FetchSigningConfig()
	if err != nil {
		return Services{}, fmt.Errorf("fetch the signing config of the public sigstore instance: %w", err)
	}
	return Services{config}, nil
}

const requestTimeout = 30 * time.Second

// Keyless signs with keys that are thrown away: a certificate authority
// vouches for minutes that a key is of whoever an identity token names.
type Keyless struct {
	services Services
	trust    root.TrustedMaterial
	token    Token

	mu sync.Mutex
	// One key and certificate do for the statements of one run.
	pair        *sigsign.EphemeralKeypair
	certificate []byte
	expires     time.Time
}

// NewKeyless is a signer that gets its certificates, log entries and
// timestamps from services, in the name of whom token says. What it makes is
// verified against trust before it is handed out.
func NewKeyless(services Services, trust root.TrustedMaterial, token Token) (*Keyless, error) {
	if services.config == nil || trust == nil || token == nil {
		return nil, errors.New("keyless signing needs services, a trusted root and an identity token")
	}
	return &Keyless{services: services, trust: trust, token: token}, nil
}

func (k *Keyless) material(ctx context.Context) (sigsign.Keypair, sigsign.BundleOptions, error) {
	var none sigsign.BundleOptions
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pair == nil || time.Now().After(k.expires) {
		if err := k.newCertificate(ctx); err != nil {
			return nil, none, err
		}
	}
	logs, err := k.services.logs()
	if err != nil {
		return nil, none, err
	}
	authorities, err := k.services.timestampAuthorities(ctx)
	if err != nil {
		return nil, none, err
	}
	return k.pair, sigsign.BundleOptions{
		CertificateProvider:  issued(k.certificate),
		TransparencyLogs:     logs,
		TimestampAuthorities: authorities,
		TrustedRoot:          k.trust,
	}, nil
}

// certificateLife is less than the ten minutes that Fulcio's certificates are
// valid.
const certificateLife = 5 * time.Minute

func (k *Keyless) newCertificate(ctx context.Context) error {
	token, err := k.token(ctx)
	if err != nil {
		return fmt.Errorf("get an identity token: %w", err)
	}
	pair, err := sigsign.NewEphemeralKeypair(&sigsign.EphemeralKeypairOptions{Algorithm: protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256})
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	service, err := root.SelectService(k.services.config.FulcioCertificateAuthorityURLs(), sigsign.FulcioAPIVersions, time.Now())
	if err != nil {
		return fmt.Errorf("choose a certificate authority: %w", err)
	}
	fulcio := sigsign.NewFulcio(&sigsign.FulcioOptions{BaseURL: service.URL, Timeout: requestTimeout, Retries: 1, Transport: cancelled{ctx}})
	certificate, err := fulcio.GetCertificate(ctx, pair, &sigsign.CertificateProviderOptions{IDToken: token})
	if err != nil {
		return fmt.Errorf("get a certificate from %s: %w", service.URL, err)
	}
	k.pair, k.certificate, k.expires = pair, certificate, time.Now().Add(certificateLife)
	return nil
}

// issued is a certificate that there is already.
type issued []byte

func (c issued) GetCertificate(context.Context, sigsign.Keypair, *sigsign.CertificateProviderOptions) ([]byte, error) {
	return c, nil
}

func (s Services) logs() ([]sigsign.Transparency, error) {
	if len(s.config.RekorLogURLs()) == 0 {
		return nil, nil
	}
	services, err := root.SelectServices(s.config.RekorLogURLs(), s.config.RekorLogURLsConfig(), sigsign.RekorAPIVersions, time.Now())
	if err != nil {
		return nil, fmt.Errorf("choose a transparency log: %w", err)
	}
	logs := make([]sigsign.Transparency, 0, len(services))
	for _, service := range services {
		logs = append(logs, sigsign.NewRekor(&sigsign.RekorOptions{BaseURL: service.URL, Timeout: requestTimeout, Retries: 1, Version: service.MajorAPIVersion}))
	}
	return logs, nil
}

func (s Services) timestampAuthorities(ctx context.Context) ([]*sigsign.TimestampAuthority, error) {
	if len(s.config.TimestampAuthorityURLs()) == 0 {
		return nil, nil
	}
	services, err := root.SelectServices(s.config.TimestampAuthorityURLs(), s.config.TimestampAuthorityURLsConfig(), sigsign.TimestampAuthorityAPIVersions, time.Now())
	if err != nil {
		return nil, fmt.Errorf("choose a timestamp authority: %w", err)
	}
	authorities := make([]*sigsign.TimestampAuthority, 0, len(services))
	for _, service := range services {
		authorities = append(authorities, sigsign.NewTimestampAuthority(&sigsign.TimestampAuthorityOptions{URL: service.URL, Timeout: requestTimeout, Retries: 1, Transport: cancelled{ctx}}))
	}
	return authorities, nil
}

// cancelled ends requests with a context that sigstore-go does not hand on.
type cancelled struct{ ctx context.Context }

func (c cancelled) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(c.ctx, func() { cancel(c.ctx.Err()) }) //nolint:contextcheck // joins two contexts
	response, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		stop()
		cancel(nil)
	}
	return response, err
}

// WithServices is the same key with signatures that timestamp authorities and
// logs witness, which lets them outlive the key. trust names these services.
func (k *Key) WithServices(services Services, trust root.TrustedMaterial) (Signer, error) {
	if services.config == nil || trust == nil {
		return nil, errors.New("witnessed signing needs services and a trusted root")
	}
	return witnessed{k, services, trust}, nil
}

type witnessed struct {
	key      *Key
	services Services
	trust    root.TrustedMaterial
}

func (w witnessed) material(ctx context.Context) (sigsign.Keypair, sigsign.BundleOptions, error) {
	pair, opts, err := w.key.material(ctx)
	if err != nil {
		return nil, opts, err
	}
	if opts.TransparencyLogs, err = w.services.logs(); err != nil {
		return nil, opts, err
	}
	if opts.TimestampAuthorities, err = w.services.timestampAuthorities(ctx); err != nil {
		return nil, opts, err
	}
	opts.TrustedRoot = root.TrustedMaterialCollection{opts.TrustedRoot, w.trust}
	return pair, opts, nil
}
