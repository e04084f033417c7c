package statement

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDerivedFromReport(t *testing.T) {
	ready := Report{
		Run: "r", Crate: Crate{"demo", "1"}, FinishedOn: finished, Level: "basic", Status: Ready,
		Levels: []Level{{Name: "basic", Ready: true}, {Name: "production", Ready: true}, {Name: "distribution", Missing: []string{"coverage"}}},
		Gates: []Gate{
			{Name: "tests", Level: "basic", Status: GatePassed},
			{Name: "audit", Level: "production", Status: GatePassed},
			{Name: "coverage", Level: "distribution", Status: GateFailed},
		},
	}
	warned := ready
	warned.Gates = append([]Gate{{Name: "lint", Level: "basic", Severity: SeverityWarning, Status: GateFailed}}, ready.Gates...)
	notReady := ready
	notReady.Level, notReady.Status = "distribution", NotReady
	notRun := ready
	notRun.Status = NotReady
	notRun.Levels = []Level{{Name: "basic", Missing: []string{"tests"}}}
	notRun.Gates = []Gate{{Name: "tests", Level: "basic", Status: GateNotRun}, {Name: "fmt", Level: "basic", Status: GatePassed}}
	verifier, policy := Verifier{ID: "https://example.com"}, Resource{URI: "https://example.com/p"}

	for _, c := range []struct {
		name           string
		report         Report
		result         Outcome
		passed, failed []string
		configurations int
		levels         []string
	}{
		{"ready", ready, Passed, []string{"tests"}, nil, 1, []string{"SIXTY_BASIC", "SIXTY_PRODUCTION", "SLSA_BUILD_LEVEL_1"}},
		{"ready, with a warning", warned, Passed, []string{"tests"}, nil, 2, []string{"SIXTY_BASIC", "SIXTY_PRODUCTION", "SLSA_BUILD_LEVEL_1"}},
		{"not ready", notReady, Failed, []string{"tests", "audit"}, []string{"coverage"}, 3, []string{}},
		{"a gate did not run", notRun, Failed, []string{"fmt"}, nil, 2, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tests := c.report.TestResult()
			if tests.Result != c.result || !cmp.Equal(tests.PassedTests, c.passed) || !cmp.Equal(tests.FailedTests, c.failed) || len(tests.Configuration) != c.configurations {
				t.Errorf("test result = %+v", tests)
			}
			vsa := c.report.VSA(verifier, "pkg:cargo/demo@1", policy, "SLSA_BUILD_LEVEL_1")
			if vsa.VerificationResult != c.result || !cmp.Equal(vsa.VerifiedLevels, c.levels) {
				t.Errorf("vsa = %+v", vsa)
			}
			for _, p := range []Predicate{c.report, tests, vsa} {
				if _, err := New(subjects, p); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
