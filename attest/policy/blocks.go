package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

type keyBlock struct {
	Name           string    `hcl:"name,label"`
	PublicKey      string    `hcl:"public_key"`
	PublicKeyRange hcl.Range `hcl:"public_key,attr_value_range"`
	NotBefore      string    `hcl:"not_before,optional"`
	NotBeforeRange hcl.Range `hcl:"not_before,attr_value_range"`
	NotAfter       string    `hcl:"not_after,optional"`
	NotAfterRange  hcl.Range `hcl:"not_after,attr_value_range"`
	DefRange       hcl.Range `hcl:",def_range"`
}

func (l *loader) loadKey(b keyBlock) {
	data := []byte(b.PublicKey)
	if !strings.HasPrefix(b.PublicKey, "-----BEGIN") {
		var err error
		if data, err = readSmall(l.path(b.PublicKey)); err != nil {
			l.errorf(b.PublicKeyRange, "Public key can't be read", "%v.", err)
			return
		}
	}
	key, err := verify.KeyFromPEM(b.Name, data)
	if err != nil {
		l.errorf(b.PublicKeyRange, "Public key can't be used", "%v.", err)
		return
	}
	key.NotBefore = l.time(b.NotBefore, b.NotBeforeRange)
	key.NotAfter = l.time(b.NotAfter, b.NotAfterRange)
	if !key.NotBefore.IsZero() && !key.NotAfter.IsZero() && !key.NotAfter.After(key.NotBefore) {
		l.errorf(b.NotAfterRange, "Key is never valid", "not_after is not after not_before.")
	}
	l.newSigner(b.Name, b.DefRange, 1)
	l.policy.Trust.Keys = append(l.policy.Trust.Keys, key)
}

func (l *loader) time(s string, rng hcl.Range) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		l.errorf(rng, "Not a time", `%q is not in the form "2026-01-31T00:00:00Z".`, s)
	}
	return t
}

type identityBlock struct {
	Name           string            `hcl:"name,label"`
	Issuer         string            `hcl:"issuer"`
	Subject        string            `hcl:"subject,optional"`
	SubjectPattern string            `hcl:"subject_pattern,optional"`
	Certificate    map[string]string `hcl:"certificate,optional"`
	CertRange      hcl.Range         `hcl:"certificate,attr_value_range"`
	BuildLevel     *int              `hcl:"max_build_level,optional"`
	BuildRange     hcl.Range         `hcl:"max_build_level,attr_value_range"`
	DefRange       hcl.Range         `hcl:",def_range"`
}

// certificateFields are what a policy may ask of a certificate besides
// issuer and subject
// (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
var certificateFields = map[string]func(*certificate.Extensions) *string{
	"build_signer_uri":        func(e *certificate.Extensions) *string { return &e.BuildSignerURI },
	"build_signer_digest":     func(e *certificate.Extensions) *string { return &e.BuildSignerDigest },
	"build_config_uri":        func(e *certificate.Extensions) *string { return &e.BuildConfigURI },
	"build_trigger":           func(e *certificate.Extensions) *string { return &e.BuildTrigger },
	"runner_environment":      func(e *certificate.Extensions) *string { return &e.RunnerEnvironment },
	"source_repository":       func(e *certificate.Extensions) *string { return &e.SourceRepositoryURI },
	"source_repository_id":    func(e *certificate.Extensions) *string { return &e.SourceRepositoryIdentifier },
	"source_repository_owner": func(e *certificate.Extensions) *string { return &e.SourceRepositoryOwnerURI },
	"source_digest":           func(e *certificate.Extensions) *string { return &e.SourceRepositoryDigest },
	"source_ref":              func(e *certificate.Extensions) *string { return &e.SourceRepositoryRef },
}

func (l *loader) loadIdentity(b identityBlock) {
	id := verify.Identity{Name: b.Name, Issuer: b.Issuer, Subject: b.Subject, SubjectPattern: b.SubjectPattern}
	for name, value := range b.Certificate {
		field, ok := certificateFields[name]
		if !ok || value == "" {
			l.errorf(b.CertRange, "Unknown or empty certificate field", "A certificate has no field %q, or it is asked to be empty.", name)
			continue
		}
		*field(&id.Claims) = value
	}
	if err := id.Check(); err != nil {
		l.errorf(b.DefRange, "Identity can't be used", "%v.", err)
	}
	level := 1
	if b.BuildLevel != nil {
		level = *b.BuildLevel
	}
	if level < 0 || level > 3 {
		l.errorf(b.BuildRange, "Unknown build level", "SLSA build levels go from 0 to 3.")
	}
	l.newSigner(b.Name, b.DefRange, level)
	l.policy.Trust.Identities = append(l.policy.Trust.Identities, id)
}

type statementBlock struct {
	Type         string    `hcl:"type,label"`
	TypeRange    hcl.Range `hcl:"type,label_range"`
	Signers      []string  `hcl:"signers,optional"`
	SignersRange hcl.Range `hcl:"signers,attr_value_range"`
	Level        string    `hcl:"level,optional"`
	LevelRange   hcl.Range `hcl:"level,attr_value_range"`
	BuildLevel   int       `hcl:"build_level,optional"`
	BuildRange   hcl.Range `hcl:"build_level,attr_value_range"`
	Gates        []string  `hcl:"gates,optional"`
	GatesRange   hcl.Range `hcl:"gates,attr_value_range"`
	Claims       []string  `hcl:"claims,optional"`
	ClaimsRange  hcl.Range `hcl:"claims,attr_value_range"`
	MaxAge       string    `hcl:"max_age,optional"`
	MaxAgeRange  hcl.Range `hcl:"max_age,attr_value_range"`
	Optional     bool      `hcl:"optional,optional"`
	DefRange     hcl.Range `hcl:",def_range"`
}

func (l *loader) loadStatement(b statementBlock) {
	r := Requirement{
		PredicateType: predicateTypes[b.Type], Signers: b.Signers, Level: b.Level, BuildLevel: b.BuildLevel,
		Gates: b.Gates, Claims: b.Claims, Optional: b.Optional, Range: b.DefRange,
	}
	if r.PredicateType == "" {
		r.PredicateType = b.Type
		if !strings.Contains(b.Type, "://") {
			l.errorf(b.TypeRange, "Unknown statement", "%q is none of %s, and no URI of a predicate type.", b.Type, shortNames())
		}
	}
	for _, s := range b.Signers {
		if _, ok := l.policy.buildLevel[s]; !ok {
			l.errorf(b.SignersRange, "Unknown signer", "No key or identity is named %q.", s)
		}
	}
	if b.MaxAge != "" {
		age, err := time.ParseDuration(b.MaxAge)
		if err != nil || age <= 0 {
			l.errorf(b.MaxAgeRange, "Not a duration", `%q is not a positive duration such as "720h".`, b.MaxAge)
		}
		r.MaxAge = age
	}
	l.checkApplies(b, r.PredicateType)
	l.policy.Statements = append(l.policy.Statements, r)
}

// checkApplies refuses conditions that a type of statement can't answer, which
// would otherwise be conditions that nothing fails.
func (l *loader) checkApplies(b statementBlock, predicateType string) {
	only := func(given bool, rng hcl.Range, name string, types ...string) {
		if given && !slices.Contains(types, predicateType) {
			l.errorf(rng, "Condition doesn't apply", "A statement of type %q says nothing about %s.", b.Type, name)
		}
	}
	only(b.Level != "", b.LevelRange, "a readiness level", statement.ReportType, statement.VSAType)
	only(b.BuildLevel != 0, b.BuildRange, "a build level", statement.VSAType)
	only(len(b.Gates) > 0, b.GatesRange, "gates", statement.ReportType, statement.TestResultType)
	only(len(b.Claims) > 0, b.ClaimsRange, "claims", statement.ReportType)
	if b.Level != "" && !slices.Contains(levels, b.Level) {
		l.errorf(b.LevelRange, "Unknown level", "%q is none of %s.", b.Level, strings.Join(levels, ", "))
	}
	for _, c := range b.Claims {
		if !slices.Contains(statement.ClaimNames, c) {
			l.errorf(b.ClaimsRange, "Unknown claim", "%q is none of %s.", c, strings.Join(statement.ClaimNames, ", "))
		}
	}
}
