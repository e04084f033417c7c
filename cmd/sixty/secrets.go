package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Bounds on the command of a secret.
const (
	secretTimeout  = time.Minute
	maxSecretBytes = 500 << 10 // what the engine takes
)

// secretValues gives steps the values of their secrets. Files and the
// environment are read at once, so that what is missing is said before the run;
// a command runs when a step that mounts its secret does, and at most once.
func secretValues(ctx context.Context, declared []config.Secret, g *plan.Graph, allowCommands bool) (func(context.Context, string) ([]byte, error), error) {
	values := map[string]func() ([]byte, error){}
	for _, s := range deploy.Mounted(g, declared) {
		if len(s.Command) > 0 {
			if !allowCommands {
				return nil, usagef("secret %q (%s:%d) is what the command %s prints, which would run on this machine, outside of any container. Give --allow-host-commands if you trust the pipeline",
					s.Name, s.Range.Filename, s.Range.Start.Line, s.Command[0])
			}
			values[s.Name] = sync.OnceValues(func() ([]byte, error) { return printed(ctx, s) })
			continue
		}
		value, err := readSecret(s)
		if err != nil {
			return nil, err
		}
		values[s.Name] = func() ([]byte, error) { return value, nil }
	}
	return func(_ context.Context, name string) ([]byte, error) {
		value, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("there is no secret %q", name)
		}
		return value()
	}, nil
}

// readSecret takes a value from the environment or a file.
func readSecret(s config.Secret) ([]byte, error) {
	if s.Env != "" {
		value, ok := os.LookupEnv(s.Env)
		if !ok {
			return nil, usagef("secret %q (%s:%d) is read from the environment variable %s, which is not set", s.Name, s.Range.Filename, s.Range.Start.Line, s.Env)
		}
		return []byte(value), nil
	}
	path := s.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	value, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("secret %q (%s:%d): %w", s.Name, s.Range.Filename, s.Range.Start.Line, err)
	}
	return value, nil
}

// printed is what a secret's command prints, without the line break at its end.
// Nothing of it enters an error, and neither do its arguments or what it says on
// standard error: both may hold the secret.
func printed(ctx context.Context, s config.Secret) ([]byte, error) {
	fail := func(err error) error {
		return fmt.Errorf("secret %q (%s:%d): its command %s: %w; run it by hand to see what it says", s.Name, s.Range.Filename, s.Range.Start.Line, s.Command[0], err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, secretTimeout, fmt.Errorf("it took longer than %s", secretTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Dir = s.Dir
	cmd.WaitDelay = time.Second // what it started may keep its output open
	out := &limited{max: maxSecretBytes}
	cmd.Stdout = out
	err := cmd.Run()
	switch {
	case out.over:
		return nil, fail(fmt.Errorf("it prints more than %d bytes", maxSecretBytes))
	case err != nil && ctx.Err() != nil:
		return nil, fail(context.Cause(ctx))
	case err != nil:
		return nil, fail(err)
	}
	value := bytes.TrimSuffix(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\r"))
	if len(value) == 0 {
		return nil, fail(errors.New("it prints nothing"))
	}
	return value, nil
}

// limited keeps what is written to it up to a bound.
type limited struct {
	bytes.Buffer
	max  int
	over bool
}

func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > l.max {
		l.over = true
		return 0, errors.New("too much output")
	}
	return l.Buffer.Write(b)
}
