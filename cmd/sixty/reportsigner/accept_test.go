package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/packpolicy"
)

func TestAccept(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := sign.Generate(sign.P256)
	if err != nil {
		t.Fatal(err)
	}
	write("team.pub", key.PublicPEM())
	policy := write("policy.hcl", []byte("key \"team\" {\n  public_key = \"team.pub\"\n}\nstatement \"pack\" {\n  signers = [\"team\"]\n}\n"))
	sum := make([]byte, 32)
	pack := packpolicy.Pack{ID: "org.example.one", Version: "1.0.0", Source: "with-packs 1", Digest: "h1:" + base64.StdEncoding.EncodeToString(sum)}
	st, err := statement.New([]statement.Resource{{Name: "org.example.one@1.0.0", Digest: statement.Digest{statement.DirHash: hex.EncodeToString(sum)}}},
		statement.Pack{ID: pack.ID, Version: pack.Version, PublishedOn: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := sign.Bundle(t.Context(), st, key)
	if err != nil {
		t.Fatal(err)
	}
	accept := func(policy string, packs ...packpolicy.Pack) error {
		t.Helper()
		text, err := json.Marshal(packs)
		if err != nil {
			t.Fatal(err)
		}
		return do(t.Context(), []string{"accept", "--policy", policy, "--packs", write("packs.json", text)})
	}
	signed := pack
	signed.Signature = bundle
	if err := accept(policy, signed); err != nil {
		t.Error(err)
	}
	changed := signed
	changed.Digest = "h1:" + base64.StdEncoding.EncodeToString(append([]byte{1}, sum[1:]...))
	for want, packs := range map[string][]packpolicy.Pack{
		"org.example.one 1.0.0 from with-packs 1 is not signed, and": {signed, pack},
		"is not signed as": {changed},
	} {
		if err := accept(policy, packs...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	other := write("other.hcl", []byte("key \"team\" {\n  public_key = \"team.pub\"\n}\nstatement \"report\" {}\n"))
	if err := accept(other, signed); err == nil || !strings.Contains(err.Error(), `asks for statement "pack" alone`) {
		t.Errorf("a policy for reports: %v", err)
	}
}
