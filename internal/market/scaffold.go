package market

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Scaffold writes a commented pack into a folder that does not exist or is
// empty.
func Scaffold(dir, id string) error {
	if len(id) > maxIDLength || !idPattern.MatchString(id) {
		return fmt.Errorf("%q is not a pack id: names of a-z, 0-9, - and _ joined by dots, such as io.example.rust.service", id)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make a pack: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("make a pack: %s is not empty", dir)
	}
	for name, text := range scaffold {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("make a pack: %w", err)
		}
		if err := os.WriteFile(full, []byte(strings.ReplaceAll(text, "PACK_ID", id)), 0o644); err != nil {
			return fmt.Errorf("make a pack: %w", err)
		}
	}
	return nil
}

var scaffold = map[string]string{
	"pack.hcl": `pack {
  id          = "PACK_ID"
  version     = "0.1.0"
  description = "What the pack generates, in one line"
  license     = "MIT OR Apache-2.0"
  keywords    = []
  category    = ""
  authors     = []
}

# What a user gives with --var, SIXTY_VAR_name or a flag of the same name. The
# blocks are those of a pipeline.
variable "name" {
  type        = string
  description = "name of what is generated"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]*$", var.name))
    error_message = "A name starts with a letter and has only a-z, 0-9, - and _."
  }
}

# Files that end in .tera are templates; others are copied as they are.
templates = "templates"

# RDF that the templates' queries see, queries that they may name, and shapes
# that the RDF must conform to.
# graphs   = ["graphs/*.ttl"]
# queries  = ["queries/*.rq"]
# shapes   = ["shapes/*.ttl"]
# prefixes = { ex = "http://example.org/" }

# Packs that this one needs.
# dependencies = { "io.example.base" = "^1.0" }
`,
	"templates/README.md.tera": `---
# The output's path. Without this head it is the file's own, less .tera.
to: "README.md"
# More keys: for_each and sparql (a file for each row of a query), when, inject,
# unless_exists, skip_empty, executable.
---
# {{ name }}

{% include "_parts/note.md" -%}
`,
	"templates/_parts/note.md": `Files and folders that start with an underscore make no output; they are there
to be included. This is {{ name | pascal_case }}.
`,
}
