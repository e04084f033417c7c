package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxTargets bounds the targets of one package.
const maxTargets = 10_000

// targets lists what cargo would compile: the manifest's own targets and those
// that it finds by their place. Source:
// https://doc.rust-lang.org/cargo/reference/cargo-targets.html
func targets(tree fs.FS, dir string, m manifest, member Member) ([]Target, error) {
	var out []Target
	lib, err := libTarget(tree, dir, m, member)
	if err != nil {
		return nil, err
	}
	if lib != nil {
		out = append(out, *lib)
	}
	for _, group := range []struct {
		kind   TargetKind
		key    string
		auto   string
		folder string
	}{
		{TargetBin, "bin", "autobins", "src/bin"},
		{TargetExample, "example", "autoexamples", "examples"},
		{TargetTest, "test", "autotests", "tests"},
		{TargetBench, "bench", "autobenches", "benches"},
	} {
		explicit := m.tables(group.key)
		// Edition 2015 turns discovery off once a target is written down.
		absent := member.Edition != "2015" || len(explicit) == 0
		found := map[string]string{}
		all, err := discover(tree, dir, group.folder)
		if err != nil {
			return nil, err
		}
		if group.kind == TargetBin && isFile(tree, path.Join(dir, "src/main.rs")) {
			all[member.Name] = path.Join(dir, "src/main.rs")
		}
		if m.table("package").bool(group.auto, absent) {
			found = all
		}
		list, err := mergeTargets(dir, group.kind, explicit, found, all)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	if script := buildScript(tree, dir, m); script != "" {
		out = append(out, Target{Kind: TargetBuildScript, Name: "build-script-build", Path: script})
	}
	if len(out) > maxTargets {
		return nil, fmt.Errorf("more than the limit of %d targets", maxTargets)
	}
	return out, nil
}

func libTarget(tree fs.FS, dir string, m manifest, member Member) (*Target, error) {
	lib, explicit := m["lib"].(map[string]any)
	t := manifest(lib)
	source := path.Join(dir, "src/lib.rs")
	if p := t.string("path"); p != "" {
		var err error
		if source, err = below(dir, p); err != nil {
			return nil, fmt.Errorf("lib.path: %w", err)
		}
	}
	if !explicit && (!isFile(tree, source) || !m.table("package").bool("autolib", true)) {
		return nil, nil
	}
	out := &Target{
		Kind: TargetLib, Name: strings.ReplaceAll(member.Name, "-", "_"), Path: source,
		Harness: t.bool("harness", true), CrateTypes: t.strings("crate-type"),
	}
	if n := t.string("name"); n != "" {
		out.Name = n
	}
	if t.bool("proc-macro", false) || slices.Contains(out.CrateTypes, "proc-macro") {
		out.Kind, out.CrateTypes = TargetProcMacro, nil
	}
	return out, nil
}

// mergeTargets joins written-down targets with found ones. A target that is
// written down without a path takes that of the file with its name.
func mergeTargets(dir string, kind TargetKind, explicit []manifest, found, all map[string]string) ([]Target, error) {
	byName := map[string]Target{}
	for name, source := range found {
		byName[name] = Target{Kind: kind, Name: name, Path: source, Harness: kind != TargetExample}
	}
	for _, t := range explicit {
		name := t.string("name")
		if name == "" {
			return nil, fmt.Errorf("a [[%s]] has no name", kind)
		}
		source := all[name]
		if p := t.string("path"); p != "" {
			var err error
			if source, err = below(dir, p); err != nil {
				return nil, fmt.Errorf("path of %s %q: %w", kind, clip(name), err)
			}
			for other, t := range byName {
				if t.Path == source {
					delete(byName, other) // the same file under its default name
				}
			}
		}
		byName[name] = Target{
			Kind: kind, Name: name, Path: source, Harness: t.bool("harness", kind != TargetExample),
			RequiredFeatures: t.strings("required-features"),
		}
	}
	out := make([]Target, 0, len(byName))
	for _, t := range byName {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// discover finds name.rs and name/main.rs in a folder.
func discover(tree fs.FS, dir, folder string) (map[string]string, error) {
	out := map[string]string{}
	entries, err := fs.ReadDir(tree, path.Join(dir, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for targets: %w", err)
	}
	for _, e := range entries {
		name := path.Join(dir, folder, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if stem, ok := strings.CutSuffix(e.Name(), ".rs"); ok && isFile(tree, name) {
			out[stem] = name
		} else if isFile(tree, path.Join(name, "main.rs")) {
			out[e.Name()] = path.Join(name, "main.rs")
		}
	}
	return out, nil
}

// buildScript gives the path of the build script, empty where there is none.
func buildScript(tree fs.FS, dir string, m manifest) string {
	switch v := m.table("package")["build"].(type) {
	case nil:
		if isFile(tree, path.Join(dir, "build.rs")) {
			return path.Join(dir, "build.rs")
		}
	case bool:
		if v {
			return path.Join(dir, "build.rs")
		}
	case string:
		return path.Join(dir, v)
	case []any:
		if len(v) > 0 {
			return path.Join(dir, "build.rs")
		}
	}
	return ""
}

func isFile(tree fs.FS, name string) bool {
	info, err := fs.Stat(tree, name)
	return err == nil && info.Mode().IsRegular()
}

// below joins a path of a manifest to its folder, and refuses one that leaves
// the tree.
func below(dir, p string) (string, error) {
	joined := path.Join(dir, strings.ReplaceAll(p, "\\", "/"))
	if path.IsAbs(p) || !fs.ValidPath(joined) {
		return "", fmt.Errorf("%q lies outside of the project", clip(p))
	}
	return joined, nil
}
