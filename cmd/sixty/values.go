package main

import (
	"os"
	"sort"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
)

// valueFlag is one --var or --var-file. Both kinds are kept in one list, since
// of two values for a variable the later one wins, whichever way it came.
type valueFlag struct {
	file bool
	text string
}

// valueFlags adds --var and --var-file.
func (o *runOptions) valueFlags(f *pflag.FlagSet, usage string) {
	f.Var(&valueList{values: &o.values}, "var", usage)
	f.Var(&valueList{values: &o.values, file: true}, "var-file", "file with values of variables; may be repeated, and of --var and --var-file the later one wins")
}

// valueList is a flag that may be repeated.
type valueList struct {
	values *[]valueFlag
	file   bool
}

func (l *valueList) Set(text string) error {
	*l.values = append(*l.values, valueFlag{l.file, text})
	return nil
}

func (l *valueList) String() string { return "" }

func (l *valueList) Type() string {
	if l.file {
		return "file"
	}
	return "name=value"
}

// varPrefix starts the names of environment variables that give values.
const varPrefix = "SIXTY_VAR_"

// fromEnvironment are the values that the environment gives.
func fromEnvironment() []lang.Given {
	var out []lang.Given
	env := os.Environ()
	sort.Strings(env)
	for _, pair := range env {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, varPrefix) {
			out = append(out, lang.Given{Name: strings.TrimPrefix(name, varPrefix), Text: value, Source: name + " in the environment", Lenient: true})
		}
	}
	return out
}

// onCommandLine are the values that flags give, in their order.
func (o *runOptions) onCommandLine() ([]lang.Given, error) {
	var out []lang.Given
	for _, v := range o.values {
		if v.file {
			values, err := config.ReadValues(v.text)
			if err != nil {
				return nil, err
			}
			out = append(out, values...)
			continue
		}
		name, value, ok := strings.Cut(v.text, "=")
		if !ok || name == "" {
			return nil, usagef("--var takes NAME=VALUE, not %q", v.text)
		}
		out = append(out, lang.Given{Name: name, Text: value, Source: onFlag("var " + name)})
	}
	for _, flag := range []struct{ name, value string }{{"name", o.name}, {"version", o.version}} {
		if flag.value != "" {
			out = append(out, lang.Given{Name: flag.name, Text: flag.value, Source: onFlag(flag.name)})
		}
	}
	return append(out, o.recorded...), nil
}

// onFlag is the source of a value that a flag gives.
func onFlag(flag string) string { return "--" + flag + " on the command line" }

// given gathers the values of variables in the order in which later ones win:
// the environment, then the command line.
func (o *runOptions) given() ([]lang.Given, error) {
	flags, err := o.onCommandLine()
	return append(fromEnvironment(), flags...), err
}

// variables are the values of variables as a run takes them.
func (o *runOptions) variables() (deploy.Values, error) {
	flags, err := o.onCommandLine()
	return deploy.Values{Surrounding: fromEnvironment(), Given: flags, Template: lang.Given{Text: o.template, Source: onFlag("template")}}, err
}

// split gives the pipeline's values and the pack's.
func (o *runOptions) split(cfg *config.Config) (pipeline, pack []lang.Given, err error) {
	values, err := o.variables()
	if err != nil {
		return nil, nil, err
	}
	return values.Split(cfg)
}
