package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// TestServe has the server as a step's service, which is how it is used.
func TestServe(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "index")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"index/config.json": `{"dl":"x"}`, "secret": "secret"} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	r := runInit(t, initrec.Spec{Services: []initrec.Service{{
		Name: "index", Command: []string{self(t), "serve", "--dir", dir, "--addr", addr},
		Ready: initrec.Ready{TCP: addr},
	}}}, self(t), asHelper, "get", "http://"+addr+"/", "config.json", "none", "link", "..%2fsecret")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if r.code != 0 || len(lines) != 4 || lines[0] != `200 {"dl":"x"}` {
		t.Fatalf("exit code %d, got\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "2") {
			t.Errorf("served %q", line)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"--dir", dir, "--addr", "0.0.0.0:0"},
		{"--dir", dir, "--addr", "localhost:0"},
		{"--dir", filepath.Join(dir, "none"), "--addr", "127.0.0.1:0"},
		{"--addr", "127.0.0.1:0"},
	} {
		cmd := exec.CommandContext(t.Context(), self(t), append([]string{"serve"}, args...)...)
		cmd.Env = append(os.Environ(), asInit+"=1")
		if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != initrec.ExitInit || !strings.Contains(string(out), "serve") {
			t.Errorf("serve %q: %v, %s", args, err, out)
		}
	}
}

// get prints the status and the text of each page.
func get(base string, pages []string) (string, error) {
	var out strings.Builder
	for _, p := range pages {
		resp, err := http.Get(base + p)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
		resp.Body.Close()
		if err != nil {
			return "", err
		}
		out.WriteString(strings.TrimSpace(resp.Status[:3]+" "+strings.ReplaceAll(string(body), "\n", " ")) + "\n")
	}
	return out.String(), nil
}
