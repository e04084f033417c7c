package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/reference"
	"github.com/sixtyhq/sixty/stages"
)

var update = flag.Bool("update", false, "rewrite the generated tables of the documentation")

// root is the repository.
const root = "../.."

// table is a generated part: the page, the name in its markers, and what stands
// between them.
type table struct {
	page, name string
	make       func() string
}

func tables() []table {
	return append(blockTables(),
		table{"docs/language.md", "functions", func() string { return reference.Functions(lang.Functions(".")) }},
		table{"docs/packs.md", "frontmatter", frontmatter},
		table{"docs/report.md", "metrics", func() string { return reference.Metrics(stages.Metrics()) }},
	)
}

func frontmatter() string {
	var b strings.Builder
	b.WriteString("| key | meaning |\n| --- | --- |\n")
	for _, k := range codegen.Keys() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k[0], cell(k[1]))
	}
	return b.String()
}

// cell keeps text from ending a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func read(t *testing.T, page string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGeneratedTables(t *testing.T) {
	for _, table := range tables() {
		text := read(t, table.page)
		begin := fmt.Sprintf("<!-- begin %s: made by go test ./internal/docs -update -->\n", table.name)
		end := fmt.Sprintf("<!-- end %s -->", table.name)
		before, rest, ok := strings.Cut(text, begin)
		have, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("%s lacks the markers %q and %q", table.page, strings.TrimSpace(begin), end)
			continue
		}
		want := table.make()
		if have == want {
			continue
		}
		if !*update {
			t.Errorf("the table %q of %s is not what the code says; go test ./internal/docs -update", table.name, table.page)
			continue
		}
		if err := os.WriteFile(filepath.Join(root, table.page), []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#: ]+)(#[^)]*)?\)|src="([^":]+)"`)

// Every relative link of a page leads to a file.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		pages = append(pages, filepath.Join(root, p))
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			target := m[1] + m[3]
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, target, err)
			}
		}
	}
}
