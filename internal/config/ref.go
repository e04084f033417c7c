package config

import (
	"reflect"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// RefKind is what a Ref points at.
type RefKind string

// The kinds of reference.
const (
	RefImage  RefKind = "image"
	RefCache  RefKind = "cache"
	RefSecret RefKind = "secret"
	// RefTree is the rendered or given source tree of the crate.
	RefTree RefKind = "tree"
	// RefLockfile is the crate's Cargo.lock.
	RefLockfile RefKind = "lockfile"
	// RefStep is a step, for after.
	RefStep RefKind = "step"
	// RefStage is a stage, for after: all its steps.
	RefStage RefKind = "stage"
	// RefOutput is an output of a step, for mounts.
	RefOutput RefKind = "output"
	// RefService is a service, for steps.
	RefService RefKind = "service"
)

// Ref is a handle to something that exists only when the pipeline runs.
type Ref struct {
	Kind RefKind
	// Name is the image's, cache's or secret's name, or a step's ID.
	Name string
	// Output is the output's name for RefOutput.
	Output string
	// steps are the IDs of the steps that a RefStep or RefStage stands for.
	steps []string
}

// refType carries a *Ref through expressions; nothing can be done with one but
// hand it to an attribute that takes it.
var refType = cty.Capsule("reference", reflect.TypeOf(Ref{}))

// Sensitive marks values that no log, plan, report or key may show.
const Sensitive = lang.Sensitive

// HoldsReference reports whether values of a type have a part that is a
// reference, which can't be written down.
func HoldsReference(t cty.Type) bool { return lang.HoldsCapsule(t) }

func refVal(r Ref) cty.Value { return cty.CapsuleVal(refType, &r) }
