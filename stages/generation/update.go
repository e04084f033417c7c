package generation

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
)

// ReadRecord reads what an earlier run generated in a folder, which must be of a
// pack.
func ReadRecord(dir string) (codegen.Record, error) {
	if _, err := os.Stat(dir); err != nil {
		return codegen.Record{}, fmt.Errorf("look at the generated folder: %w", err)
	}
	_, record, err := existing(dir)
	if err != nil {
		return codegen.Record{}, err
	}
	if record.Pack == nil {
		return codegen.Record{}, fmt.Errorf("%s was not generated from a pack: it has no %s that names one", dir, codegen.RecordPath)
	}
	return record, nil
}

// UpdateRequest asks to bring a generated folder up to another version of its
// pack.
type UpdateRequest struct {
	Dir string
	// Base is the pack that the folder's record names, New the one to update
	// to.
	Base, New *market.Pack
	// BaseDependencies and NewDependencies are all packs that these depend on,
	// as in [Request].
	BaseDependencies, NewDependencies []*market.Pack
	// Given are values beside the recorded ones; they win. Variables that are
	// sensitive are not recorded, so they are given again.
	Given []lang.Given
	// BaseRemote and Remote give what endpoints answered when the folder was
	// generated, to the templates of Base and of New.
	BaseRemote, Remote *remote.Asker
	// Hooks is as in [Request].
	Hooks HookRunner
	// Epoch is as in [Request].
	Epoch time.Time
}

// Update plans a three-way merge of the folder with what the two packs give. It
// also names recorded variables that the new version no longer has.
func Update(ctx context.Context, req UpdateRequest) (r *Result, dropped []string, err error) {
	output, record, err := existing(req.Dir)
	if err != nil {
		return nil, nil, err
	}
	base, _, err := req.Base.GivenAgain(record.Variables, codegen.RecordPath)
	if err != nil {
		return nil, nil, err
	}
	// What was generated had the recorded values, and of those given now only
	// the ones that no record keeps.
	for _, g := range req.Given {
		unrecorded := func(v lang.Variable) bool { return v.Name == g.Name && v.Sensitive }
		if slices.ContainsFunc(req.Base.Variables, unrecorded) {
			base = append(base, g)
		}
	}
	recorded, err := Recorded(record, req.BaseDependencies)
	if err != nil {
		return nil, nil, err
	}
	baseRun, _, err := packRun(packSet{req.Base, req.BaseDependencies}, base, recorded)
	if err != nil {
		return nil, nil, fmt.Errorf("the recorded values of %s %s: %w", req.Base.ID, req.Base.Version, err)
	}
	next, dropped, err := req.New.GivenAgain(record.Variables, codegen.RecordPath)
	if err != nil {
		return nil, nil, err
	}
	if recorded, err = Recorded(record, req.NewDependencies); err != nil {
		return nil, nil, err
	}
	newRun, values, err := packRun(packSet{req.New, req.NewDependencies}, append(next, req.Given...), recorded)
	if err != nil {
		return nil, nil, err
	}
	newRun.Output, newRun.Record = output, record
	baseRun.Env, newRun.Env = record.Env, record.Env
	baseRun.Epoch, newRun.Epoch = Epoch(time.Time{}, record), Epoch(req.Epoch, record)
	if err := ask(ctx, baseRun, req.BaseRemote, nil); err != nil {
		return nil, nil, err
	}
	if err := ask(ctx, newRun, req.Remote, nil); err != nil {
		return nil, nil, err
	}
	for _, run := range []*codegen.Request{baseRun, newRun} {
		fresh := *run // as the update itself looks at them
		fresh.Output, fresh.Record = nil, codegen.Record{}
		if _, err := renderHooked(ctx, &fresh, req.Hooks); err != nil {
			return nil, nil, err
		}
		run.AllowHooks, run.Hooked = fresh.AllowHooks, fresh.Hooked
	}
	r = &Result{Dir: req.Dir, Name: crateName(req.New, values), Values: values}
	r.Plan, err = codegen.UpdatePlan(ctx, codegen.UpdateRequest{
		Base: *baseRun, New: *newRun, OurLabel: "yours", TheirLabel: req.New.ID + " " + req.New.Version,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("update to %s %s: %w", req.New.ID, req.New.Version, err)
	}
	return r, dropped, nil
}
