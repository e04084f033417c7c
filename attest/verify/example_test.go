package verify_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// A verdict is signed, and somebody else checks it against the crate.
func Example() {
	ctx := context.Background()
	crate := []byte("the bytes of demo-0.1.0.crate")

	s, err := statement.New([]statement.Resource{statement.Bytes("demo-0.1.0.crate", crate)}, statement.VSA{
		Verifier:           statement.Verifier{ID: "https://github.com/sixtyhq/sixty"},
		TimeVerified:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		ResourceURI:        "pkg:cargo/demo@0.1.0",
		Policy:             statement.Resource{URI: "https://github.com/sixtyhq/sixty"},
		VerificationResult: statement.Passed,
		VerifiedLevels:     []string{statement.ReadinessLevel("production")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := sign.Generate(sign.P256) // or sign.LoadOrCreateKey
	if err != nil {
		fmt.Println(err)
		return
	}
	bundle, err := sign.Bundle(ctx, s, key)
	if err != nil {
		fmt.Println(err)
		return
	}

	public, err := verify.KeyFromPEM("release", key.PublicPEM())
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := verify.Bundle(ctx, bundle, []verify.Artifact{verify.Bytes("demo-0.1.0.crate", crate)},
		verify.Trust{Keys: []verify.Key{public}}, verify.Expect{PredicateTypes: []string{statement.VSAType}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var vsa statement.VSA
	if err := v.Statement.Decode(&vsa); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Signer.Key, vsa.VerificationResult, vsa.VerifiedLevels)

	_, err = verify.Bundle(ctx, bundle, []verify.Artifact{verify.Bytes("demo-0.1.0.crate", []byte("another"))},
		verify.Trust{Keys: []verify.Key{public}}, verify.Expect{PredicateTypes: []string{statement.VSAType}})
	fmt.Println(err)
	// Output:
	// release PASSED [SIXTY_PRODUCTION]
	// verification failed at subjects: demo-0.1.0.crate is none of the statement's 1 subjects ("demo-0.1.0.crate") (it was changed since, or the bundle is of another artifact)
}
