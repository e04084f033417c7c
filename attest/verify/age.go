package verify

import (
	"fmt"
	"time"

	"github.com/sixtyhq/sixty/attest/statement"
)

// statedAt returns the time at which the predicate says that it was made,
// zero where its type has no such member.
func statedAt(s statement.Statement) (time.Time, error) {
	switch s.PredicateType {
	case statement.VSAType:
		var p struct {
			TimeVerified time.Time `json:"timeVerified"`
		}
		err := s.Decode(&p)
		return p.TimeVerified, err
	case statement.ReportType:
		var p struct {
			FinishedOn time.Time `json:"finishedOn"`
		}
		err := s.Decode(&p)
		return p.FinishedOn, err
	case statement.PackType:
		var p statement.Pack
		err := s.Decode(&p)
		return p.PublishedOn, err
	case statement.ProvenanceType:
		var p struct {
			RunDetails struct {
				Metadata struct {
					FinishedOn time.Time `json:"finishedOn"`
				} `json:"metadata"`
			} `json:"runDetails"`
		}
		err := s.Decode(&p)
		return p.RunDetails.Metadata.FinishedOn, err
	}
	return time.Time{}, nil
}

// CheckAge refuses a statement that was made more than max before now, or
// after it; a max of zero is unbounded. The time that counts is SignedAt, and
// StatedAt where no authority gives one.
func (v *Verified) CheckAge(max time.Duration, now time.Time) error {
	made := v.SignedAt
	if made.IsZero() {
		made = v.StatedAt
	}
	for _, t := range []time.Time{made, v.StatedAt} {
		if t.After(now.Add(clockSkew)) {
			return &Error{Check: CheckFreshness, Detail: fmt.Sprintf("it was made at %s, which is yet to come", t.UTC().Format(time.RFC3339)), Advice: "check the clocks"}
		}
	}
	if max == 0 {
		return nil
	}
	if made.IsZero() {
		return &Error{Check: CheckFreshness, Detail: "nothing says when it was made", Advice: "sign with a timestamp authority, or ask for no age"}
	}
	if age := now.Sub(made); age > max {
		return &Error{Check: CheckFreshness, Detail: fmt.Sprintf("it was made at %s, %s ago, and may be %s old", made.UTC().Format(time.RFC3339), age.Round(time.Second), max), Advice: "run the pipeline again"}
	}
	return nil
}
