package cache

import (
	"fmt"
	"path"
	"strings"
)

// maxNamed is how many files a sentence names.
const maxNamed = 3

// Sentence says in a few words why a step runs, or why it need not.
func (e Explanation) Sentence() string {
	switch e.Outlook {
	case Unchanged:
		return "nothing changed"
	case New:
		return "there is no record of an earlier run"
	case Failed:
		return fmt.Sprintf("nothing changed, but it %s last time, and failures are never cached", ended(e))
	case Always:
		return "it runs in sixty's own process each time"
	case Skipped:
		return e.Reason
	}
	if len(e.Causes) == 0 {
		return "its key is another one"
	}
	first := e.Causes[0].Chain()
	if more := len(e.Causes) - 1; more > 0 {
		first += fmt.Sprintf(" (and %d more)", more)
	}
	return first
}

func ended(e Explanation) string {
	switch e.LastStatus {
	case "failed":
		return "failed"
	case "timed_out":
		return "timed out"
	default:
		return "did not pass"
	}
}

// Chain is the cause and the way that it takes: src/lib.rs changed → testing.build.
func (c Cause) Chain() string {
	return strings.Join(append([]string{c.What()}, c.Through...), " → ")
}

// What says what changed.
func (c Cause) What() string {
	if len(c.Files) > 0 {
		return filesText(c.Files)
	}
	name, target, mounted := strings.Cut(c.Part, " ")
	switch {
	case c.Part == "first run":
		return "no record of " + c.Step
	case mounted && name == "mount":
		return "what is mounted at " + target + " " + change(c)
	case mounted && name == "env":
		return "environment variable " + target + " " + change(c)
	case c.Part == "init":
		return "sixty-init, the program around each step, changed"
	case c.Part == "image":
		return "the image changed"
	}
	return c.Part + " " + change(c)
}

func change(c Cause) string {
	switch {
	case c.Before == "":
		return "is new"
	case c.After == "":
		return "is gone"
	}
	return "changed"
}

// filesText names the first files that changed.
func filesText(files []FileChange) string {
	named := files[:min(len(files), maxNamed)]
	var parts []string
	for i, f := range named {
		text := f.Name
		if i == len(named)-1 || named[i+1].Change != f.Change {
			text += " " + f.Change
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, ", ")
	if more := len(files) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more below %s", more, folder(files))
	}
	return text
}

// folder is the deepest folder that holds all files.
func folder(files []FileChange) string {
	dir := path.Dir(files[0].Name)
	for _, f := range files {
		for dir != "." && !strings.HasPrefix(f.Name, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	if dir == "." {
		return "the root"
	}
	return dir
}
