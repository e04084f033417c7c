package statement

import (
	"errors"
	"fmt"
)

// TestResultType is the type of in-toto test-result v0.1
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md).
const TestResultType = "https://in-toto.io/attestation/test-result/v0.1"

// Outcome is the outcome of a test or of a whole verification.
type Outcome string

const (
	Passed Outcome = "PASSED"
	Warned Outcome = "WARNED"
	Failed Outcome = "FAILED"
)

// TestResult says which gates were run and how they came out. A gate that did
// not run stands in none of the lists, only in Configuration.
type TestResult struct {
	Result Outcome `json:"result"`
	// Configuration describes each gate: its name, and the digest of its
	// condition or command.
	Configuration []Resource `json:"configuration"`
	URL           string     `json:"url,omitempty"`
	PassedTests   []string   `json:"passedTests,omitempty"`
	WarnedTests   []string   `json:"warnedTests,omitempty"`
	FailedTests   []string   `json:"failedTests,omitempty"`
}

// PredicateType returns [TestResultType].
func (TestResult) PredicateType() string { return TestResultType }

// Validate asks for a configuration and a result that the lists bear out: a
// failed test fails the whole, and a pass needs a test that passed.
func (t TestResult) Validate() error {
	if len(t.Configuration) == 0 {
		return errors.New("configuration is empty")
	}
	switch {
	case t.Result != Passed && t.Result != Warned && t.Result != Failed:
		return fmt.Errorf("result is %q, not PASSED, WARNED or FAILED", t.Result)
	case len(t.FailedTests) > 0 && t.Result != Failed:
		return fmt.Errorf("result is %s although %q failed", t.Result, t.FailedTests[0])
	case t.Result == Passed && len(t.PassedTests) == 0:
		return errors.New("result is PASSED although nothing passed")
	}
	return checkResources("configuration", t.Configuration)
}

func checkResources(field string, all []Resource) error {
	for i, r := range all {
		if r.Name == "" && r.URI == "" && len(r.Digest) == 0 && len(r.Content) == 0 {
			return fmt.Errorf("%s[%d] has no name, uri, digest or content", field, i)
		}
	}
	return nil
}
