package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/cmd/sixty/packpolicy"
)

// accept holds packs, a JSON list in a file, against a policy.
func (o options) accept(ctx context.Context) error {
	policy, diags, err := packpolicy.Load(o.policy)
	if err != nil {
		return err
	}
	if diags.HasErrors() {
		w := hcl.NewDiagnosticTextWriter(os.Stderr, nil, 0, false)
		if err := w.WriteDiagnostics(diags); err != nil {
			return err
		}
		return fmt.Errorf("the policy %s has mistakes", o.policy)
	}
	text, err := os.ReadFile(o.packs)
	if err != nil {
		return err
	}
	var packs []packpolicy.Pack
	if err := json.Unmarshal(text, &packs); err != nil {
		return fmt.Errorf("read %s: %w", o.packs, err)
	}
	for _, p := range packs {
		if err := policy.Accept(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
