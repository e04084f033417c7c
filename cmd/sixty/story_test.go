//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/image"
	"github.com/sixtyhq/sixty/cmd/sixty/server"
)

var update = flag.Bool("update", false, "rewrite the golden parts of stories")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sixty": func() { os.Exit(sixty(os.Args[1:])) },
		// A plugin that holds keys, as sigstore's protocol has it.
		"sigstore-kms-storyhsm": storyPlugin,
	})
}

// TestStories runs each story in testdata/stories: a command line in, exit
// code, output and files out. Stories that begin with "# engine" run steps in
// containers, and need root, runc and the Rust image that make image makes.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	cache := storyCache(t)
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	var plain, engine []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "# engine") {
			engine = append(engine, f)
		} else {
			plain = append(plain, f)
		}
	}
	params := func(files []string) testscript.Params {
		return testscript.Params{
			Files: files, UpdateScripts: *update, RequireExplicitExec: true, Cmds: storyCommands(),
			Setup: func(env *testscript.Env) error {
				home := filepath.Join(env.WorkDir, ".home")
				env.Values[serverKey{}] = &runningServer{}
				env.Setenv("HOME", home)
				env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
				env.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
				env.Setenv("SIXTY_CACHE_DIR", cache)
				// Stories share the cache; only those about it keep a server.
				env.Setenv("SIXTY_SERVE", "off")
				env.Defer(func() { stopServer(t, filepath.Join(env.WorkDir, "cache")) })
				env.Setenv("SOURCE_DATE_EPOCH", "1700000000")
				env.Setenv("EXAMPLES", examples)
				// Makes a step one that no cache knows.
				env.Setenv("NONCE", strconv.FormatInt(time.Now().UnixNano()%1_000_000, 10))
				return os.MkdirAll(home, 0o755)
			},
		}
	}
	t.Run("plain", func(t *testing.T) { testscript.Run(t, params(plain)) })
	t.Run("engine", func(t *testing.T) {
		needEngine(t, cache)
		testscript.Run(t, params(engine))
	})
}

// stopServer ends what a story that failed half way has left.
func stopServer(t *testing.T, cache string) {
	s, err := server.Stop(context.Background(), engineRoot(cache), true)
	if err == nil {
		err = server.Wait(context.Background(), s.PID)
	}
	if err != nil && !errors.Is(err, server.ErrNone) {
		t.Error(err)
	}
}

// storyCache is the user's own cache: it holds the image, and compiled
// dependencies from one run of the tests to the next.
func storyCache(t *testing.T) string {
	t.Helper()
	a := newApp(os.Stdout, os.Stderr)
	dir, err := a.cache()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// needEngine skips where the engine can't run, unless CI is set: there a test
// that does not run is a failure.
func needEngine(t *testing.T, cache string) {
	t.Helper()
	missing := ""
	if os.Geteuid() != 0 {
		missing = "root"
	} else if _, err := buildkit.InitProgram(); err != nil {
		missing = err.Error()
	} else if _, err := image.Open(filepath.Join(cache, "images", "rust")); err != nil {
		missing = "the Rust image: make image"
	}
	switch {
	case missing == "":
	case os.Getenv("CI") != "":
		t.Fatal("the engine can't run: " + missing)
	default:
		t.Skip("the engine can't run: " + missing)
	}
}
