package codegen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// ApplyOptions says what a run may do to a user's edits.
type ApplyOptions struct {
	// Force overwrites files in conflict. What they held is kept under
	// .sixty/backup.
	Force bool
}

// ConflictError says which files hold edits that a run would lose.
type ConflictError struct{ Writes []Write }

// Error names each file and why it is in the way.
func (e *ConflictError) Error() string {
	var b strings.Builder
	b.WriteString("files have edits that would be lost:")
	for _, w := range e.Writes {
		fmt.Fprintf(&b, "\n  %s: %s", w.Path, w.Reason)
	}
	fmt.Fprintf(&b, "\nuse --force to overwrite them; what they hold is then kept under %s", backupDir)
	return b.String()
}

const (
	transactionDir = Dir + "/transaction"
	journalName    = transactionDir + "/journal.json"
	backupDir      = Dir + "/backup"
)

// Apply writes the plan under the folder root, which it makes if need be.
//
// Either all of the plan is written or the tree stays as it was: new files are
// staged beside a journal, then renamed into place; a failure, or a process
// that died half way, is undone from the journal (see [Recover]). A file that
// changed since the plan was made is an error. Nothing is written through a
// symbolic link that leads out of root.
//
// A plan with conflicts is refused with a [*ConflictError], unless Force is set.
func (p *Plan) Apply(ctx context.Context, root string, opts ApplyOptions) error {
	if c := p.Conflicts(); len(c) > 0 && !opts.Force {
		return &ConflictError{c}
	}
	made := missingParents(root)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	err := p.applyTo(ctx, root)
	if err != nil {
		for _, dir := range made { // only those that are still empty go
			os.Remove(dir)
		}
	}
	return err
}

func (p *Plan) applyTo(ctx context.Context, root string) error {
	r, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("open the output folder: %w", err)
	}
	defer r.Close()
	unlock, err := lock(r)
	if err != nil {
		return err
	}
	defer unlock()
	if err := recoverLocked(r); err != nil {
		return err
	}
	changes, err := p.changes(r)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	return commit(ctx, r, changes)
}

// Recover undoes a run that died half way. Apply does it by itself; a reader
// that must not see half a run calls it first.
func Recover(root string) error {
	r, err := os.OpenRoot(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Lstat(transactionDir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := lock(r)
	if err != nil {
		return err
	}
	defer unlock()
	return recoverLocked(r)
}

// change is one path that a commit writes or removes.
type change struct {
	path    string
	content []byte // nil removes
	mode    fs.FileMode
	old     []byte // what must stand there now; nil for nothing
}

// changes lists what the plan changes, backups and record included.
func (p *Plan) changes(r *os.Root) ([]change, error) {
	var out []change
	for i := range p.Writes {
		w := &p.Writes[i]
		if !w.writes() {
			continue
		}
		if w.Action == Conflict && w.Old != nil {
			out = append(out, change{path: path.Join(backupDir, w.Path) + "." + digest(w.Old)[:12], content: w.Old, mode: 0o644})
		}
		if w.Backup != "" && w.Old != nil {
			prev, err := existing(r.FS(), w.Backup)
			if err != nil {
				return nil, err
			}
			out = append(out, change{path: w.Backup, content: w.Old, mode: 0o644, old: prev})
		}
		out = append(out, change{path: w.Path, content: w.Content, mode: w.Mode, old: w.Old})
	}
	record, err := p.Record.encode()
	if err != nil {
		return nil, err
	}
	old, err := existing(r.FS(), RecordPath)
	if err != nil {
		return nil, err
	}
	if len(p.Record.Files) == 0 && old == nil {
		return out, nil
	}
	if !bytes.Equal(old, record) {
		out = append(out, change{path: RecordPath, content: record, mode: 0o644, old: old})
	}
	for i := range out {
		if strings.HasPrefix(out[i].path, backupDir+"/") {
			if out[i].old, err = existing(r.FS(), out[i].path); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// journal is what an interrupted commit is undone from. Entry i of Paths has
// its new content in new/i and its old content in old/i.
type journal struct {
	Entries []journalEntry `json:"entries"`
	Dirs    []string       `json:"dirs"` // folders that the commit makes
}

type journalEntry struct {
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
}

func staged(kind string, i int) string { return fmt.Sprintf("%s/%s/%d", transactionDir, kind, i) }

// commit writes all changes or none.
func commit(ctx context.Context, r *os.Root, changes []change) (err error) {
	if err := r.MkdirAll(transactionDir+"/new", 0o755); err != nil {
		return fmt.Errorf("stage the writes: %w", err)
	}
	if err := r.MkdirAll(transactionDir+"/old", 0o755); err != nil {
		return fmt.Errorf("stage the writes: %w", err)
	}
	if err := stage(ctx, r, changes); err != nil {
		return errors.Join(err, r.RemoveAll(transactionDir))
	}
	for i, c := range changes {
		if err = ctx.Err(); err == nil {
			err = put(r, c, i)
		}
		if err != nil {
			err = fmt.Errorf("write %s: %w", c.path, err)
			if undo := recoverLocked(r); undo != nil {
				return errors.Join(err, fmt.Errorf("undo the writes before it: %w", undo))
			}
			return err
		}
	}
	// Without its journal a transaction is over; the rest is only rubbish.
	if err := r.Remove(journalName); err != nil {
		return errors.Join(fmt.Errorf("end the transaction: %w", err), recoverLocked(r))
	}
	for _, c := range changes {
		if c.content == nil {
			removeEmptyParents(r, c.path)
		}
	}
	return r.RemoveAll(transactionDir)
}

// stage writes new and old contents and then the journal.
func stage(ctx context.Context, r *os.Root, changes []change) error {
	var j journal
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		current, err := existing(r.FS(), c.path)
		if err != nil {
			return err
		}
		if (current == nil) != (c.old == nil) || !bytes.Equal(current, c.old) {
			return fmt.Errorf("%s changed while the run was planned: run again", c.path)
		}
		if c.content != nil {
			if err := stageFile(r, staged("new", i), c.content, c.mode); err != nil {
				return fmt.Errorf("stage %s: %w", c.path, err)
			}
		}
		if c.old != nil {
			info, err := r.Lstat(c.path)
			if err != nil {
				return err
			}
			if err := stageFile(r, staged("old", i), c.old, info.Mode().Perm()); err != nil {
				return fmt.Errorf("stage %s: %w", c.path, err)
			}
		}
		j.Entries = append(j.Entries, journalEntry{c.path, c.old != nil})
		j.Dirs = append(j.Dirs, missingDirs(r, c.path)...)
	}
	slices.Sort(j.Dirs)
	j.Dirs = slices.Compact(j.Dirs)
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := stageFile(r, journalName+".new", data, 0o644); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return r.Rename(journalName+".new", journalName)
}

// put moves one staged change into place.
func put(r *os.Root, c change, i int) error {
	if c.content == nil {
		return r.Remove(c.path)
	}
	if dir := path.Dir(c.path); dir != "." {
		if err := r.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return r.Rename(staged("new", i), c.path)
}

// recoverLocked puts back what a journal says was there before.
func recoverLocked(r *os.Root) error {
	data, err := r.ReadFile(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		return r.RemoveAll(transactionDir) // staged at most
	}
	if err != nil {
		return fmt.Errorf("read the journal of an interrupted run: %w", err)
	}
	var j journal
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("read the journal of an interrupted run: %s: %w", journalName, err)
	}
	// First what the run made goes, then what was there before comes back: a
	// folder may stand where a file was.
	for _, existed := range []bool{false, true} {
		for i, e := range j.Entries {
			if e.Existed != existed {
				continue
			}
			if err := undo(r, e, i); err != nil {
				return fmt.Errorf("undo an interrupted run at %s: %w", e.Path, err)
			}
		}
		for i := len(j.Dirs) - 1; i >= 0 && !existed; i-- { // the deepest first
			if err := removeEmptyDir(r, j.Dirs[i]); err != nil {
				return fmt.Errorf("undo an interrupted run: %w", err)
			}
		}
	}
	if err := r.Remove(journalName); err != nil {
		return err
	}
	return r.RemoveAll(transactionDir)
}

func undo(r *os.Root, e journalEntry, i int) error {
	clean, err := journalPath(e.Path)
	if err != nil {
		return err
	}
	if e.Existed {
		err := r.Rename(staged("old", i), clean)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // put back already
		}
		return err
	}
	if _, err := r.Lstat(staged("new", i)); err == nil {
		return nil // never moved
	}
	err = r.Remove(clean)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// journalPath checks a path of a journal, which a cloned repository may bring.
func journalPath(p string) (string, error) {
	if p == RecordPath {
		return p, nil
	}
	if rest, ok := strings.CutPrefix(p, backupDir+"/"); ok && fs.ValidPath(rest) {
		return p, nil
	}
	return cleanOutput(p)
}

func stageFile(r *os.Root, name string, data []byte, mode fs.FileMode) error {
	f, err := r.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	return errors.Join(err, f.Close())
}

// missingDirs gives the parents of name that do not exist.
func missingDirs(r *os.Root, name string) []string {
	var out []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := r.Lstat(dir); err == nil && info.IsDir() {
			break
		}
		out = append(out, dir)
	}
	return out
}

// missingParents gives root and the folders above it that do not exist, the
// deepest first.
func missingParents(root string) []string {
	var out []string
	for dir := path.Clean(root); ; dir = path.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil || dir == path.Dir(dir) {
			return out
		}
		out = append(out, dir)
	}
}

func removeEmptyParents(r *os.Root, name string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if r.Remove(dir) != nil { // not empty
			return
		}
	}
}

// removeEmptyDir removes a folder if it is one and nothing is in it.
func removeEmptyDir(r *os.Root, dir string) error {
	info, err := r.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // gone, or below what is not a folder any more
	}
	if err != nil || !info.IsDir() {
		return err
	}
	entries, err := fs.ReadDir(r.FS(), dir)
	if err != nil || len(entries) > 0 {
		return err
	}
	return r.Remove(dir)
}
