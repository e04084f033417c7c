package statement

import (
	"errors"
	"time"
)

// ProvenanceType is the type of SLSA provenance v1
// (https://slsa.dev/spec/v1.0/provenance).
const ProvenanceType = "https://slsa.dev/provenance/v1"

// BuildType is the buildType of a sixty run; spec/build/v1 in this package
// says what the parameters mean.
const BuildType = "https://github.com/sixtyhq/sixty/tree/main/attest/statement/spec/build/v1"

// Provenance says how artifacts were made.
type Provenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is what went into a build.
type BuildDefinition struct {
	BuildType string `json:"buildType"`
	// ExternalParameters is all that the caller of a run decides.
	ExternalParameters BuildParameters `json:"externalParameters"`
	InternalParameters map[string]any  `json:"internalParameters,omitempty"`
	// ResolvedDependencies are images, crates, packs and databases, each
	// with its digest.
	ResolvedDependencies []Resource `json:"resolvedDependencies,omitempty"`
}

// BuildParameters are the external parameters of [BuildType].
type BuildParameters struct {
	// Pipeline is the pipeline file.
	Pipeline *Resource `json:"pipeline,omitempty"`
	// Pack is the template that the crate was generated from.
	Pack *Resource `json:"pack,omitempty"`
	// Variables holds the values of the pipeline's variables. Sensitive
	// ones never stand here; SensitiveVariables only names them.
	Variables          map[string]any `json:"variables,omitempty"`
	SensitiveVariables []string       `json:"sensitiveVariables,omitempty"`
	// PackVariables and SensitivePackVariables are the same for the pack.
	PackVariables          map[string]any `json:"packVariables,omitempty"`
	SensitivePackVariables []string       `json:"sensitivePackVariables,omitempty"`
	// TemplateTime is the time that the pack's templates saw, in seconds
	// since 1970; nil without a pack.
	TemplateTime *int64 `json:"templateTime,omitempty"`
	// SourceDateEpoch is the SOURCE_DATE_EPOCH of every step.
	SourceDateEpoch int64 `json:"sourceDateEpoch,omitempty"`
	// Level is the readiness level that was asked for.
	Level string `json:"level,omitempty"`
}

// RunDetails is what is particular to one execution of a build.
type RunDetails struct {
	Builder    Builder       `json:"builder"`
	Metadata   BuildMetadata `json:"metadata,omitzero"`
	Byproducts []Resource    `json:"byproducts,omitempty"`
}

// Builder is who ran the build.
type Builder struct {
	// ID is a URI that stands for the trusted platform; a local run names
	// the engine and claims SLSA Build L1 at most.
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// BuildMetadata holds the times of a build.
type BuildMetadata struct {
	InvocationID string    `json:"invocationId,omitempty"`
	StartedOn    time.Time `json:"startedOn,omitzero"`
	FinishedOn   time.Time `json:"finishedOn,omitzero"`
}

// PredicateType returns [ProvenanceType].
func (Provenance) PredicateType() string { return ProvenanceType }

// Validate asks for what SLSA requires: buildType and builder.id.
func (p Provenance) Validate() error {
	if p.BuildDefinition.BuildType == "" {
		return errors.New("buildDefinition.buildType is empty")
	}
	if p.RunDetails.Builder.ID == "" {
		return errors.New("runDetails.builder.id is empty")
	}
	if !p.RunDetails.Metadata.StartedOn.IsZero() && p.RunDetails.Metadata.FinishedOn.Before(p.RunDetails.Metadata.StartedOn) {
		return errors.New("runDetails.metadata: finishedOn is before startedOn")
	}
	return checkResources("resolvedDependencies", p.BuildDefinition.ResolvedDependencies)
}
