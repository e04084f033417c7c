package tera

import (
	"errors"
	"fmt"
)

// builtinFunctions returns the functions of Tera 1.20.
func builtinFunctions() map[string]functionImpl {
	return map[string]functionImpl{
		"range":      rangeOf,
		"now":        now,
		"throw":      throw,
		"get_random": getRandom,
		"get_env":    getEnv,
	}
}

func rangeOf(in *invocation) (any, error) {
	start, err := optional(in, "start", 0, asSize)
	if err != nil {
		return nil, err
	}
	step, err := optional(in, "step_by", 1, asSize)
	if err != nil {
		return nil, err
	}
	end, err := required(in, "end", asSize)
	if err != nil {
		return nil, err
	}
	if start > end {
		return nil, fmt.Errorf("argument `start` (%d) is greater than `end` (%d)", start, end)
	}
	if step == 0 {
		return nil, errors.New("argument `step_by` is 0, the range would never end")
	}
	n := (end - start) / step
	if (end-start)%step != 0 {
		n++
	}
	if err := in.run.spend(int(min(n, int64(in.run.limits.Steps)+1))); err != nil {
		return nil, err
	}
	items := make([]any, n)
	for i := range items {
		items[i] = start + int64(i)*step
	}
	return items, nil
}

func now(in *invocation) (any, error) {
	utc, err := optional(in, "utc", false, asBool)
	if err != nil {
		return nil, err
	}
	timestamp, err := optional(in, "timestamp", false, asBool)
	if err != nil {
		return nil, err
	}
	t := in.run.env.opts.Now()
	if timestamp {
		return t.Unix(), nil
	}
	if utc {
		t = t.UTC()
	}
	return rfc3339(moment{Time: t}), nil
}

func throw(in *invocation) (any, error) {
	message, err := required(in, "message", asString)
	if err != nil {
		return nil, err
	}
	return nil, errors.New(message)
}

func getRandom(in *invocation) (any, error) {
	start, err := optional(in, "start", 0, asInt)
	if err != nil {
		return nil, err
	}
	end, err := required(in, "end", asInt)
	if err != nil {
		return nil, err
	}
	if start >= end {
		return nil, fmt.Errorf("argument `start` (%d) has to be less than `end` (%d)", start, end)
	}
	e := in.run.env
	e.mu.Lock()
	defer e.mu.Unlock()
	return start + int64(e.opts.Rand.Uint64N(uint64(end)-uint64(start))), nil
}

func getEnv(in *invocation) (any, error) {
	name, err := required(in, "name", asString)
	if err != nil {
		return nil, err
	}
	if lookup := in.run.env.opts.Getenv; lookup != nil {
		if v, ok := lookup(name); ok {
			return v, nil
		}
	}
	if v, ok := in.arg("default"); ok {
		return v, nil
	}
	return nil, fmt.Errorf("the environment has no variable `%s`", display(name))
}
