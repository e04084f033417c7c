package statement

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// VSAType is the type of a SLSA verification summary
// (https://slsa.dev/spec/v1.1/verification_summary).
const VSAType = "https://slsa.dev/verification_summary/v1"

// VSA says that an artifact was checked against a policy and which levels it
// reached.
type VSA struct {
	Verifier     Verifier  `json:"verifier"`
	TimeVerified time.Time `json:"timeVerified,omitzero"`
	ResourceURI  string    `json:"resourceUri"`
	Policy       Resource  `json:"policy"`
	// InputAttestations are the attestations that the decision rests on.
	InputAttestations  []Resource `json:"inputAttestations,omitempty"`
	VerificationResult Outcome    `json:"verificationResult"`
	VerifiedLevels     []string   `json:"verifiedLevels"`
	SLSAVersion        string     `json:"slsaVersion,omitempty"`
}

// Verifier is who made the decision.
type Verifier struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// PredicateType returns [VSAType].
func (VSA) PredicateType() string { return VSAType }

// Validate asks for the fields that SLSA requires. A failed verification has
// verified no level.
func (v VSA) Validate() error {
	switch {
	case v.Verifier.ID == "":
		return errors.New("verifier.id is empty")
	case v.ResourceURI == "":
		return errors.New("resourceUri is empty")
	case v.Policy.URI == "" && len(v.Policy.Digest) == 0:
		return errors.New("policy has no uri and no digest")
	case v.TimeVerified.IsZero():
		return errors.New("timeVerified is not set")
	case v.VerificationResult != Passed && v.VerificationResult != Failed:
		return fmt.Errorf("verificationResult is %q, not PASSED or FAILED", v.VerificationResult)
	case v.VerificationResult == Passed && len(v.VerifiedLevels) == 0:
		return errors.New("verificationResult is PASSED and no level is verified")
	case v.VerificationResult == Failed && len(v.VerifiedLevels) > 0:
		return fmt.Errorf("verificationResult is FAILED and yet level %s is verified", v.VerifiedLevels[0])
	}
	return nil
}

// ReadinessLevel returns the name under which a readiness level (basic,
// production, distribution) stands among a VSA's verified levels.
func ReadinessLevel(level string) string { return "SIXTY_" + strings.ToUpper(level) }

// SLSABuildLevel returns the highest SLSA build level among verified levels,
// 0 where there is none.
func SLSABuildLevel(levels []string) int {
	highest := 0
	for _, l := range levels {
		var n int
		if _, err := fmt.Sscanf(l, "SLSA_BUILD_LEVEL_%d", &n); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}
