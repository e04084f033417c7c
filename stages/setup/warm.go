package setup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// work is something that cargo compiles dependencies for.
type work struct {
	// how is a key of compiling.
	how string
	// profile is cargo's name for it.
	profile string
}

// compiling are the commands that compile dependencies and nothing else, by
// what steps need them for, in the order in which they run: a later one finds
// what an earlier one has made.
var compiling = []struct {
	how     string
	command string
}{
	{"build", "cargo build --workspace"},
	{"test", "cargo test --workspace --no-run --all-targets"},
	{"check", "cargo check --workspace"},
}

// usual is compiled where no step's command tells what it needs.
var usual = []work{{"build", "release"}, {"test", "dev"}, {"check", "dev"}}

// warm is the shell script that compiles the dependencies for what the steps'
// commands do. Profiles have a folder each, and are compiled at the same time.
func warm(commands [][]string) string {
	var needed []work
	for _, c := range commands {
		for _, w := range works(c) {
			if !slices.Contains(needed, w) {
				needed = append(needed, w)
			}
		}
	}
	if len(needed) == 0 {
		needed = usual
	}
	byProfile := map[string][]string{}
	for _, c := range compiling {
		for _, w := range needed {
			if w.how == c.how {
				byProfile[w.profile] = append(byProfile[w.profile], c.command+profileFlag(w.profile))
			}
		}
	}
	var b strings.Builder
	profiles := slices.Sorted(maps.Keys(byProfile))
	for _, p := range profiles[1:] {
		b.WriteString("(\n" + strings.Join(byProfile[p], "\n") + "\n) &\nother=\"${other-} $!\"\n")
	}
	b.WriteString(strings.Join(byProfile[profiles[0]], "\n") + "\n")
	if len(profiles) > 1 {
		b.WriteString("for process in $other; do wait \"$process\"; done\n")
	}
	return b.String()
}

func profileFlag(profile string) string {
	if profile == "dev" {
		return ""
	}
	return " --profile " + profile
}

// works finds cargo's commands in a step's, a program with arguments or a
// shell's script. What it does not understand only makes the step compile
// dependencies by itself.
func works(command []string) []work {
	words := slices.Clone(command)
	if len(command) == 3 && path.Base(command[0]) == "sh" && strings.HasPrefix(command[1], "-") && strings.HasSuffix(command[1], "c") {
		words = scriptWords(command[2])
	}
	var out []work
	for i, word := range words {
		if path.Base(word) != "cargo" {
			continue
		}
		end := slices.Index(words[i:], separator)
		if end < 0 {
			end = len(words) - i
		}
		if w, ok := workOf(words[i+1 : i+end]); ok {
			out = append(out, w)
		}
	}
	return out
}

// separator stands between the commands of a script.
const separator = "\n"

// scriptWords cuts a script into words, near enough to a shell's for finding
// cargo's commands and their flags.
func scriptWords(script string) []string {
	script = strings.ReplaceAll(script, "\\\n", " ")
	for _, mark := range []string{"\n", ";", "&", "|", "(", ")", "{", "}"} {
		script = strings.ReplaceAll(script, mark, " \x00 ")
	}
	var words []string
	for _, word := range strings.Fields(script) {
		if word = strings.Trim(word, `"'`); word == "\x00" {
			word = separator
		}
		words = append(words, word)
	}
	return words
}

// workOf reads the arguments of one cargo command.
func workOf(args []string) (work, bool) {
	w := work{profile: "dev"}
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "+") })
	if len(args) == 0 {
		return w, false
	}
	switch args[0] {
	case "build", "b", "run", "r", "rustc", "install":
		w.how = "build"
	case "test", "t", "nextest", "llvm-cov":
		w.how = "test"
	case "bench":
		w.how, w.profile = "test", "release"
	case "check", "c", "clippy", "doc", "d", "rustdoc":
		w.how = "check"
	case "package", "publish": // with a build of what was packed
		if slices.Contains(args, "--no-verify") {
			return w, false
		}
		w.how = "build"
	default:
		return w, false
	}
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return w, true
		case arg == "--release", arg == "-r":
			w.profile = "release"
		case name == "--profile" && joined:
			w.profile = value
		case arg == "--profile" && i+1 < len(args):
			w.profile = args[i+1]
		}
	}
	if w.profile == "test" {
		w.profile = "dev" // in one folder, with the same dependencies
	}
	return w, plainName(w.profile)
}

// plainName reports whether a profile's name needs no quotes: one that a shell
// would still have to make is not known here.
func plainName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}
