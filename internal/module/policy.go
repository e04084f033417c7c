package module

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// signedPack is a pack as the program that checks signatures takes it.
type signedPack struct {
	ID        string `json:"id"`
	Version   string `json:"version"`
	Source    string `json:"source"`
	Digest    string `json:"digest"`
	Signature []byte `json:"signature,omitempty"`
}

// The places in the container that holds packs against a policy.
const (
	policyDir = "/policy"
	packsFile = "/packs.json"
)

// Accept holds packs against policies. Those that ship with sixty are as
// trustworthy as sixty itself, so a run with no others needs no sigstore.
func (p packs) Accept(ctx context.Context, policies []string, all []*market.Pack) error {
	if len(policies) == 0 || len(p.dirs) == 0 {
		return nil
	}
	others, err := concept.NotShipped(ctx, all)
	if err != nil || len(others) == 0 {
		return err
	}
	var signed []signedPack
	for _, o := range others {
		signed = append(signed, signedPack{o.ID, o.Version, o.Source, o.Digest, o.Signature})
	}
	text, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("list the packs: %w", err)
	}
	list := p.session.client.Directory().WithNewFile("packs.json", string(text)).File("packs.json")
	for _, policy := range policies {
		if err := p.session.accept(ctx, policy, list); err != nil {
			return err
		}
	}
	return nil
}

// accept holds listed packs against one policy, which may name files beside it
// and elsewhere in the source.
func (s *session) accept(ctx context.Context, policy string, list *dagger.File) error {
	root := filepath.Dir(policy)
	if in, ok := below(s.path("source"), policy); ok {
		root, policy = s.path("source"), in
	} else {
		policy = filepath.Base(policy)
	}
	dir, ok := below(s.dir, root)
	if !ok {
		return fmt.Errorf("the policy for packs is not in the source: %s", policy)
	}
	c := s.client.Container().From(goImage).
		WithFile(signerPath, signerProgram(s.client)).
		WithMountedDirectory(policyDir, s.directory(dir)).
		WithMountedFile(packsFile, list).
		// What a policy says depends on the day.
		WithEnvVariable("SIXTY_NONCE", rand.Text()).
		WithWorkdir(policyDir).
		WithExec([]string{signerPath, "accept", "--policy", filepath.ToSlash(policy), "--packs", packsFile})
	if _, err := c.Sync(ctx); err != nil {
		return fmt.Errorf("hold the packs against %s: %w", policy, said(err))
	}
	return nil
}

// below is a path relative to a folder that it lies in.
func below(folder, path string) (string, bool) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return "", false
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false
	}
	rel, err := filepath.Rel(abs, path)
	return rel, err == nil && filepath.IsLocal(rel)
}
