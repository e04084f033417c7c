package statement

import "slices"

// TestResult states the gates of the level that the report was asked for, and
// of the levels below it. It is PASSED where the report is READY; a gate that
// did not run is among the configurations and in no list.
func (r Report) TestResult() TestResult {
	t := TestResult{Result: Failed}
	if r.Status == Ready {
		t.Result = Passed
	}
	asked := r.levelIndex(r.Level)
	for _, g := range r.Gates {
		if i := r.levelIndex(g.Level); i < 0 || i > asked {
			continue
		}
		t.Configuration = append(t.Configuration, Resource{Name: g.Name, Annotations: map[string]any{"level": g.Level}})
		switch {
		case g.Status == GatePassed:
			t.PassedTests = append(t.PassedTests, g.Name)
		case g.Status == GateFailed && g.Severity == SeverityWarning:
			t.WarnedTests = append(t.WarnedTests, g.Name)
		case g.Status == GateFailed:
			t.FailedTests = append(t.FailedTests, g.Name)
		}
	}
	return t
}

// levelIndex is the place of a level among the report's, which stand from the
// least demanding to the most.
func (r Report) levelIndex(name string) int {
	return slices.IndexFunc(r.Levels, func(l Level) bool { return l.Name == name })
}

// VSA summarises the report as a verification of resourceURI under policy:
// PASSED with every level that was reached where the report is READY, and else
// FAILED with none. buildLevels are what is known beyond readiness, as in
// SLSA_BUILD_LEVEL_1 for a run that signs its provenance.
func (r Report) VSA(verifier Verifier, resourceURI string, policy Resource, buildLevels ...string) VSA {
	v := VSA{
		Verifier: verifier, TimeVerified: r.FinishedOn, ResourceURI: resourceURI, Policy: policy,
		VerificationResult: Failed, VerifiedLevels: []string{}, SLSAVersion: "1.1",
	}
	if r.Status != Ready {
		return v
	}
	v.VerificationResult = Passed
	for _, l := range r.Levels {
		if l.Ready {
			v.VerifiedLevels = append(v.VerifiedLevels, ReadinessLevel(l.Name))
		}
	}
	v.VerifiedLevels = append(v.VerifiedLevels, buildLevels...)
	return v
}
