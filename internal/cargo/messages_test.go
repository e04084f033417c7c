package cargo

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

func messages(t *testing.T, text string) *Messages {
	t.Helper()
	m, err := ParseMessages(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func lints(m *Messages) string {
	var out []string
	for _, l := range m.Lints {
		out = append(out, fmt.Sprintf("%d %s %s", l.Count, l.Level, l.Code))
	}
	return strings.Join(out, ", ")
}

// TestRecordedMessages reads what cargo 1.95 wrote for one small crate.
func TestRecordedMessages(t *testing.T) {
	for _, tt := range []struct {
		file    string
		success bool
		lints   string
	}{
		{"messages/build-tests.json", true, "1 warning unused_variables"},
		// The library and its tests are two targets with the same findings.
		{"messages/clippy.json", true, "1 warning clippy::manual_unwrap_or_default, 1 warning clippy::needless_return, 1 warning unused_variables"},
		{"messages/doc.json", true, "1 warning rustdoc::broken_intra_doc_links"},
		{"messages/error.json", false, "1 error E0308, 1 warning unused_variables"},
	} {
		m := messages(t, string(golden(t, tt.file)))
		if m.Success == nil || *m.Success != tt.success || lints(m) != tt.lints || m.Unreadable != 0 || m.Trailing != 0 {
			t.Errorf("%s: success %v, lints %s; %+v", tt.file, m.Success, lints(m), m)
		}
		if m.Warnings != strings.Count(lints(m), "warning") || m.Errors != strings.Count(lints(m), "error") {
			t.Errorf("%s: %d warnings, %d errors", tt.file, m.Warnings, m.Errors)
		}
	}
	m := messages(t, string(golden(t, "messages/error.json")))
	for _, d := range m.Diagnostics {
		if d.Code == "E0308" && (d.Package != "sample" || d.Level != "error" || d.File != "src/lib.rs" || d.Line == 0 || !strings.Contains(d.Rendered, "mismatched types")) {
			t.Errorf("%+v", d)
		}
	}
	tests := 0
	for _, e := range messages(t, string(golden(t, "messages/build-tests.json"))).Executables {
		if e.Test {
			tests++
		}
		if e.Package != "sample" || !strings.HasPrefix(e.Path, "/src/sample/target/debug/") {
			t.Errorf("%+v", e)
		}
	}
	if tests != 5 {
		t.Errorf("%d test programs, want 5", tests)
	}
}

func message(pkg, level, code, text, file string, line int) string {
	c := "null"
	if code != "" {
		c = fmt.Sprintf(`{"code":%q}`, code)
	}
	spans := ""
	if file != "" {
		spans = fmt.Sprintf(`{"file_name":"x","line_start":1,"is_primary":false},{"file_name":%q,"line_start":%d,"column_start":3,"byte_start":%d,"is_primary":true}`, file, line, line*10)
	}
	return fmt.Sprintf(`{"reason":"compiler-message","package_id":%q,"message":{"message":%q,"level":%q,"code":%s,"spans":[%s],"rendered":"r"}}`+"\n", pkg, text, level, c, spans)
}

const (
	own     = "path+file:///w/app#0.1.0"
	foreign = "registry+https://github.com/rust-lang/crates.io-index#dep@1.0.0"
	success = `{"reason":"build-finished","success":true}` + "\n"
	failure = `{"reason":"build-finished","success":false}` + "\n"
)

func TestMessages(t *testing.T) {
	one := message(own, "warning", "dead_code", "never used", "src/lib.rs", 3)
	for name, tt := range map[string]struct {
		text                       string
		warnings, errors, foreigns int
		success                    string
		unreadable, trailing       int
	}{
		"nothing":           {"", 0, 0, 0, "nil", 0, 0},
		"one":               {one + success, 1, 0, 0, "true", 0, 0},
		"twice the same":    {one + one + success, 1, 0, 0, "true", 0, 0},
		"another place":     {one + message(own, "warning", "dead_code", "never used", "src/lib.rs", 4) + success, 2, 0, 0, "true", 0, 0},
		"another package":   {one + message("path+file:///w/b#b@0.1.0", "warning", "dead_code", "never used", "src/lib.rs", 3) + success, 2, 0, 0, "true", 0, 0},
		"old package id":    {message("app 0.1.0 (path+file:///w/app)", "warning", "x", "y", "src/lib.rs", 3) + success, 1, 0, 0, "true", 0, 0},
		"foreign":           {message(foreign, "warning", "x", "y", "src/lib.rs", 3) + message("dep 1.0.0 (registry+https://x)", "error", "x", "y", "src/lib.rs", 3), 0, 0, 2, "nil", 0, 0},
		"summaries":         {message(own, "warning", "", "2 warnings emitted", "", 0) + message(own, "error", "", "aborting due to 1 previous error", "", 0) + failure, 0, 0, 0, "false", 0, 0},
		"a summary's words": {message(own, "warning", "", "2 warnings emitted", "src/lib.rs", 1), 1, 0, 0, "nil", 0, 0},
		"notes":             {message(own, "note", "", "x", "", 0) + message(own, "failure-note", "", "x", "", 0) + message(own, "help", "", "x", "", 0), 0, 0, 0, "nil", 0, 0},
		"compiler crash":    {message(own, "error: internal compiler error", "", "x", "", 0), 0, 1, 0, "nil", 0, 0},
		"other output":      {"hello\n{\"reason\n" + one + "{}\n" + success, 1, 0, 0, "true", 0, 0},
		"cut off":           {one + one[:60], 1, 0, 0, "nil", 1, 0},
		"too long":          {`{"reason":"` + strings.Repeat("x", maxMessageLine) + "\"}\n" + one + success, 1, 0, 0, "true", 1, 0},
		// A macro that ends the stream by itself hides nothing.
		"forged end":     {success + one + failure, 1, 0, 0, "false", 0, 2},
		"forged success": {failure + success, 0, 0, 0, "false", 0, 1},
		"carriage":       {strings.ReplaceAll(one+success, "\n", "\r\n"), 1, 0, 0, "true", 0, 0},
		"no last line":   {one + strings.TrimSpace(success), 1, 0, 0, "true", 0, 0},
	} {
		m := messages(t, tt.text)
		got := "nil"
		if m.Success != nil {
			got = fmt.Sprint(*m.Success)
		}
		if m.Warnings != tt.warnings || m.Errors != tt.errors || m.ForeignWarnings+m.ForeignErrors != tt.foreigns ||
			got != tt.success || m.Unreadable != tt.unreadable || m.Trailing != tt.trailing {
			t.Errorf("%s: success %s, %+v", name, got, m)
		}
	}
}

func TestPackageOf(t *testing.T) {
	for id, want := range map[string]string{
		"path+file:///w/app#0.1.0":                   "app true",
		"path+file:///w/dir#my-app@0.1.0":            "my-app true",
		"my-app 0.1.0 (path+file:///w/dir)":          "my-app true",
		"serde 1.0.0 (registry+https://x)":           "serde false",
		"registry+https://x/index#serde@1.0.0":       "serde false",
		"git+https://example.com/x/y?rev=1#y2@0.1.0": "y2 false",
		"git+https://example.com/x/y?rev=1#0.1.0":    "y false",
		"": " false",
		"registry+https://x/path+file:///w#evil@1.0.0":     "evil false",
		"evil 1.0.0 (registry+https://x) (path+file:///w)": "evil false",
	} {
		if name, isOwn := packageOf(id); fmt.Sprint(name, " ", isOwn) != want {
			t.Errorf("%q: %s %v, want %s", id, name, isOwn, want)
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, name := range []string{"build-tests", "clippy", "doc", "error"} {
		f.Add(golden(f, "messages/"+name+".json"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMessages(bytes.NewReader(data))
		if err != nil {
			return
		}
		sum := 0
		for _, l := range m.Lints {
			sum += l.Count
		}
		if sum != m.Warnings+m.Errors {
			t.Errorf("%d lints for %d warnings and %d errors", sum, m.Warnings, m.Errors)
		}
	})
}
