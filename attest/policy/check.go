package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// levels are the readiness levels, each of which includes those before it.
var levels = []string{"basic", "production", "distribution"}

// Result is what was verified under a policy that is met.
type Result struct {
	// Verified holds the bundles that the policy asks for or knows.
	Verified []*verify.Verified
	// Ignored counts bundles of trusted signers with predicates that the
	// policy does not name.
	Ignored int
}

// Verify holds the bundles in data, one or JSON Lines, against the policy.
// now is the time of verification, zero for the present. A bundle that doesn't
// verify is a *verify.Error; a policy that isn't met is hcl.Diagnostics with
// the place of each statement block that isn't.
func (p *Policy) Verify(ctx context.Context, data []byte, artifacts []verify.Artifact, now time.Time) (*Result, error) {
	if now.IsZero() {
		now = time.Now()
	}
	expect := verify.Expect{SomeSubjects: p.SomeSubjects, Now: now}
	for _, s := range p.Statements {
		expect.PredicateTypes = append(expect.PredicateTypes, s.PredicateType)
	}
	bundles, err := verify.Split(data)
	if err != nil {
		return nil, err
	}
	result := &Result{}
	for i, raw := range bundles {
		v, err := verify.Bundle(ctx, raw, artifacts, p.Trust, expect)
		var failed *verify.Error
		if errors.As(err, &failed) && failed.Check == verify.CheckPredicate {
			// Signed by somebody trusted, and about nothing that is asked.
			result.Ignored++
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("bundle %d of %d: %w", i+1, len(bundles), err)
		}
		result.Verified = append(result.Verified, v)
	}
	var diags hcl.Diagnostics
	for _, s := range p.Statements {
		if reasons := p.unmet(s, result.Verified, now); len(reasons) > 0 {
			rng := s.Range
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Policy is not met", Subject: &rng,
				Detail: fmt.Sprintf("Statement %s: %s.", s.PredicateType, strings.Join(reasons, "; ")),
			})
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return result, nil
}

// unmet returns nothing where one of the bundles does what s asks, and else
// what keeps each from it.
func (p *Policy) unmet(s Requirement, all []*verify.Verified, now time.Time) []string {
	var reasons []string
	for _, v := range all {
		if v.Statement.PredicateType != s.PredicateType {
			continue
		}
		err := p.satisfies(s, v, now)
		if err == nil {
			return nil
		}
		reasons = append(reasons, err.Error())
	}
	if len(reasons) == 0 && !s.Optional {
		return []string{"there is none"}
	}
	return reasons
}

func (p *Policy) satisfies(s Requirement, v *verify.Verified, now time.Time) error {
	signer := v.Signer.Name()
	if len(s.Signers) > 0 && !slices.Contains(s.Signers, signer) {
		return fmt.Errorf("%s signed it, and only %s may", v.Signer, strings.Join(s.Signers, ", "))
	}
	if err := v.CheckAge(s.MaxAge, now); err != nil {
		return err
	}
	switch s.PredicateType {
	case statement.ReportType:
		return s.checkReport(v.Statement)
	case statement.TestResultType:
		return s.checkTestResult(v.Statement)
	case statement.VSAType:
		return s.checkVSA(v.Statement, p.buildLevel[signer])
	}
	return nil
}

func (s Requirement) checkReport(st statement.Statement) error {
	var r statement.Report
	if err := st.Decode(&r); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return fmt.Errorf("it contradicts itself: %w", err)
	}
	if s.Level == "" && r.Status != statement.Ready {
		return fmt.Errorf("its status is %s", r.Status)
	}
	if s.Level != "" && !slices.ContainsFunc(r.Levels, func(l statement.Level) bool { return l.Ready && includes(l.Name, s.Level) }) {
		return fmt.Errorf("level %s was not reached%s", s.Level, missing(r, s.Level))
	}
	for _, g := range s.Gates {
		i := slices.IndexFunc(r.Gates, func(gate statement.Gate) bool { return gate.Name == g })
		switch {
		case i < 0:
			return fmt.Errorf("gate %q is not in it", g)
		case r.Gates[i].Status != statement.GatePassed:
			return fmt.Errorf("gate %q is %s: %s", g, r.Gates[i].Status, r.Gates[i].Message)
		}
	}
	for _, name := range s.Claims {
		c := r.Claims.Claim(name)
		switch {
		case c == nil:
			return fmt.Errorf("it does not claim to be %s", name)
		case !c.Holds:
			return fmt.Errorf("it is not %s: %s", name, c.Detail)
		}
	}
	return nil
}

func missing(r statement.Report, level string) string {
	for _, l := range r.Levels {
		if l.Name == level && len(l.Missing) > 0 {
			return ", missing: " + strings.Join(l.Missing, ", ")
		}
	}
	return ""
}

// includes reports whether reaching one level means having reached another.
func includes(reached, asked string) bool {
	i, j := slices.Index(levels, reached), slices.Index(levels, asked)
	return i >= 0 && j >= 0 && i >= j
}

func (s Requirement) checkTestResult(st statement.Statement) error {
	var r statement.TestResult
	if err := st.Decode(&r); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return fmt.Errorf("it contradicts itself: %w", err)
	}
	if len(s.Gates) == 0 && r.Result != statement.Passed {
		return fmt.Errorf("its result is %s", r.Result)
	}
	for _, g := range s.Gates {
		if !slices.Contains(r.PassedTests, g) || slices.Contains(r.FailedTests, g) || slices.Contains(r.WarnedTests, g) {
			return fmt.Errorf("gate %q has not passed", g)
		}
	}
	return nil
}

func (s Requirement) checkVSA(st statement.Statement, mayClaim int) error {
	var v statement.VSA
	if err := st.Decode(&v); err != nil {
		return err
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("it contradicts itself: %w", err)
	}
	if v.VerificationResult != statement.Passed {
		return fmt.Errorf("its result is %s", v.VerificationResult)
	}
	if s.Level != "" && !slices.ContainsFunc(levels, func(l string) bool {
		return includes(l, s.Level) && slices.Contains(v.VerifiedLevels, statement.ReadinessLevel(l))
	}) {
		return fmt.Errorf("level %s is not verified, only %s", s.Level, strings.Join(v.VerifiedLevels, ", "))
	}
	claimed := statement.SLSABuildLevel(v.VerifiedLevels)
	if claimed > mayClaim {
		return fmt.Errorf("it claims SLSA build level %d, and its signer may claim %d at most", claimed, mayClaim)
	}
	if claimed < s.BuildLevel {
		return fmt.Errorf("SLSA build level %d is not verified", s.BuildLevel)
	}
	return nil
}
