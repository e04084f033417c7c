package statement

import (
	"errors"
	"time"
)

// PackType is the type of [Pack], described at that address.
const PackType = "https://github.com/sixtyhq/sixty/tree/main/attest/statement/spec/pack/v1"

// Pack is a publisher's word that a pack, the template of crates, is theirs. The
// subject is the pack's whole content by its [DirHash].
type Pack struct {
	ID          string    `json:"id"`
	Version     string    `json:"version"`
	PublishedOn time.Time `json:"publishedOn"`
}

// PredicateType returns [PackType].
func (Pack) PredicateType() string { return PackType }

// Validate asks for all members.
func (p Pack) Validate() error {
	if p.ID == "" || p.Version == "" {
		return errors.New("a pack has an id and a version")
	}
	if p.PublishedOn.IsZero() {
		return errors.New("it does not say when it was published")
	}
	return nil
}
