package attest_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/sixtyhq/sixty/"

// deps lists all that a package needs, the standard library left out.
func deps(t *testing.T, pattern string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pattern)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	return strings.Fields(string(out))
}

// Statements can be built without linking a signing library.
func TestStatementsAreLight(t *testing.T) {
	for _, d := range deps(t, "./statement") {
		if !strings.HasPrefix(d, module+"attest/") {
			t.Errorf("statement needs %s", d)
		}
	}
}

// What others verify with must not depend on the rest of the project.
func TestNothingElseOfOurs(t *testing.T) {
	for _, d := range deps(t, "./...") {
		if strings.HasPrefix(d, module) && !strings.HasPrefix(d, module+"attest") {
			t.Errorf("attest needs %s", d)
		}
	}
}

// Only package kms starts plugins.
func TestSigningStartsNoPrograms(t *testing.T) {
	for _, d := range deps(t, "./sign") {
		if strings.Contains(d, "signature/kms") {
			t.Errorf("sign needs %s", d)
		}
	}
}
