package config

import (
	"github.com/zclconf/go-cty/cty"
)

// selfAttr holds a block's own reference inside the object that stands for it;
// no attribute can have this name, so it can't be read by accident.
const selfAttr = "#self"

// qualified is a name as the plan has it: with the module's path before it.
func (c *Config) qualified(name string) string {
	if c.module == "" {
		return name
	}
	return c.module + "." + name
}

func (c *Config) refs(kind RefKind, n int, name func(int) string) cty.Value {
	m := make(map[string]cty.Value, n)
	for i := range n {
		m[name(i)] = refVal(Ref{Kind: kind, Name: c.qualified(name(i))})
	}
	return objectOf(m)
}

// unexpanded is what `stage` refers to before matrices have values: those with
// instances are unknown.
func (c *Config) unexpanded() cty.Value {
	stages := map[string][]stageInstance{}
	open := map[string]bool{}
	for _, s := range c.Stages {
		i := stageInstance{StageBlock: s, full: c.qualified(s.Name)}
		open[s.Name] = len(roots(s.Attrs)) > 0
		for _, step := range s.Steps {
			open[s.Name] = open[s.Name] || len(roots(step.Attrs)) > 0
			i.steps = append(i.steps, stepInstance{StepBlock: step})
		}
		i.handles = stepHandles(i)
		stages[s.Name] = []stageInstance{i}
	}
	all := c.stageHandles(stages).AsValueMap()
	for name, isOpen := range open {
		if isOpen {
			all[name] = cty.DynamicVal
		}
	}
	return cty.ObjectVal(all)
}

// stageHandles is what `stage` refers to: for each stage its steps, and for
// generation the tree and the lockfile. A stage with instances has an attribute
// for each, and its steps stand for those of all.
func (c *Config) stageHandles(stages map[string][]stageInstance) cty.Value {
	m := make(map[string]cty.Value, len(c.Stages)+1)
	for _, s := range c.Stages {
		m[s.Name] = s.handles(stages[s.Name])
	}
	// A crate that exists has a tree and a lockfile as well.
	generation := map[string]cty.Value{"step": cty.EmptyObjectVal}
	if declared, ok := m["generation"]; ok {
		generation = declared.AsValueMap()
	}
	generation["tree"], generation["lockfile"] = refVal(Ref{Kind: RefTree}), refVal(Ref{Kind: RefLockfile})
	m["generation"] = cty.ObjectVal(generation)
	return cty.ObjectVal(m)
}

func (b StageBlock) handles(all []stageInstance) cty.Value {
	if len(all) == 1 && all[0].key == "" {
		return all[0].object()
	}
	attrs := map[string]cty.Value{}
	var ids []string
	steps := map[string][]string{}
	for _, i := range all {
		attrs[i.key] = i.object()
		for _, step := range i.steps {
			id := i.id(step)
			ids = append(ids, id)
			steps[step.Name] = append(steps[step.Name], id)
		}
	}
	each := map[string]cty.Value{}
	for _, step := range b.Steps {
		each[step.Name] = cty.ObjectVal(map[string]cty.Value{selfAttr: refVal(Ref{Kind: RefStep, steps: steps[step.Name]})})
	}
	attrs["step"] = objectOf(each)
	attrs[selfAttr] = refVal(Ref{Kind: RefStage, steps: ids})
	return cty.ObjectVal(attrs)
}

func (i stageInstance) object() cty.Value {
	ids := make([]string, 0, len(i.steps))
	for _, step := range i.steps {
		ids = append(ids, i.id(step))
	}
	return cty.ObjectVal(map[string]cty.Value{"step": i.handles, selfAttr: refVal(Ref{Kind: RefStage, steps: ids})})
}

func (i stageInstance) id(s stepInstance) string { return i.full + "." + s.name(s.Name) }

// stepHandles is what `step` refers to within a stage. A step with a matrix or
// for_each stands for all its instances, and has one attribute for each.
func stepHandles(stage stageInstance) cty.Value {
	steps := make(map[string]cty.Value, len(stage.Steps))
	many := map[string]map[string]cty.Value{}
	ids := map[string][]string{}
	for _, i := range stage.steps {
		id := stage.id(i)
		attrs := map[string]cty.Value{
			selfAttr: refVal(Ref{Kind: RefStep, Name: id, steps: []string{id}}),
			"output": outputHandles(id, i.Outputs),
		}
		if i.key == "" {
			steps[i.Name] = cty.ObjectVal(attrs)
			continue
		}
		if many[i.Name] == nil {
			many[i.Name] = map[string]cty.Value{}
		}
		many[i.Name][i.key] = cty.ObjectVal(attrs)
		ids[i.Name] = append(ids[i.Name], id)
	}
	for _, b := range stage.Steps {
		if _, one := steps[b.Name]; one {
			continue
		}
		attrs := many[b.Name] // nil when its matrix is empty
		if attrs == nil {
			attrs = map[string]cty.Value{}
		}
		attrs[selfAttr] = refVal(Ref{Kind: RefStep, Name: stage.full + "." + b.Name, steps: ids[b.Name]})
		steps[b.Name] = cty.ObjectVal(attrs)
	}
	return objectOf(steps)
}

func outputHandles(id string, outputs []LabelledBlock) cty.Value {
	m := make(map[string]cty.Value, len(outputs))
	for _, o := range outputs {
		m[o.Label] = refVal(Ref{Kind: RefOutput, Name: id, Output: o.Label})
	}
	return objectOf(m)
}

// uniqueSteps is what `step` refers to outside of stages: the steps of stages
// without instances whose name no other step has.
func uniqueSteps(stages map[string][]stageInstance) cty.Value {
	count := map[string]int{}
	steps := map[string]cty.Value{}
	for _, all := range stages {
		for _, i := range all {
			for name, handle := range i.handles.AsValueMap() {
				count[name]++
				steps[name] = handle
			}
		}
	}
	for name, n := range count {
		if n > 1 {
			delete(steps, name)
		}
	}
	return objectOf(steps)
}
