package sign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const (
	// TokenVariable holds an identity token; GitLab and others put it there
	// when asked for one with audience "sigstore".
	TokenVariable = "SIGSTORE_ID_TOKEN"
	// TokenFileVariable names a file that holds one.
	TokenFileVariable = "SIXTY_ID_TOKEN_FILE"

	// tokenAudience is whom the token is for.
	tokenAudience = "sigstore"
	maxToken      = 64 << 10

	githubURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	githubToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// ErrNoToken is that nothing around the program gives an identity token.
var ErrNoToken = errors.New("no identity token: set " + TokenVariable + " or " + TokenFileVariable + ", or run in GitHub Actions with permission id-token: write")

// Token gives an OpenID Connect identity token for sigstore.
type Token func(ctx context.Context) (string, error)

// AmbientToken takes the token from TokenVariable, from the file that
// TokenFileVariable names, or from GitHub Actions, in this order. lookup is
// os.LookupEnv.
func AmbientToken(lookup func(string) (string, bool)) Token {
	return func(ctx context.Context) (string, error) {
		if token, ok := lookup(TokenVariable); ok && token != "" {
			return strings.TrimSpace(token), nil
		}
		if path, ok := lookup(TokenFileVariable); ok && path != "" {
			return TokenFromFile(path)(ctx)
		}
		address, _ := lookup(githubURL)
		secret, _ := lookup(githubToken)
		if address != "" && secret != "" {
			return githubActionsToken(ctx, address, secret)
		}
		return "", ErrNoToken
	}
}

// TokenFromFile takes the token from a file.
func TokenFromFile(path string) Token {
	return func(context.Context) (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read identity token: %w", err)
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
		if err != nil {
			return "", fmt.Errorf("read identity token: %w", err)
		}
		if len(data) > maxToken {
			return "", fmt.Errorf("read identity token: %s is longer than %d bytes", path, maxToken)
		}
		return strings.TrimSpace(string(data)), nil
	}
}

// githubActionsToken asks GitHub Actions for a token
// (https://docs.github.com/en/actions/reference/security/oidc).
func githubActionsToken(ctx context.Context, address, secret string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%s is no URL", githubURL)
	}
	query := u.Query()
	query.Set("audience", tokenAudience)
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask GitHub Actions for an identity token: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask GitHub Actions for an identity token: it answers %s", response.Status)
	}
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxToken)).Decode(&answer); err != nil || answer.Value == "" {
		return "", errors.New("ask GitHub Actions for an identity token: its answer holds none")
	}
	return answer.Value, nil
}
