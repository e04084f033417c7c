package advisory

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strings"
)

// ErrNoDatabase says that there is no advisory database, so nothing was
// checked.
var ErrNoDatabase = errors.New("not run: no advisory database")

// maxAdvisories bounds the size of a database.
const maxAdvisories = 100_000

// Revision says which state of the database was used.
type Revision struct {
	// Kind is "git" for a commit, or "digest" for the SHA-256 over every
	// advisory's path and content where the folder is no git checkout.
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// DB is a loaded database.
type DB struct {
	Revision Revision
	// Digest is the SHA-256 over every advisory's path and content, whatever
	// the revision says.
	Digest string
	// Newest is the latest date of an advisory, YYYY-MM-DD.
	Newest string
	// Count is the number of advisories, withdrawn ones included.
	Count int

	crates map[string][]*Advisory
	rust   map[string][]*Advisory
	byID   map[string]*Advisory
}

// Load reads the database in a folder as RustSec's repository lays it out. It
// gives [ErrNoDatabase] where dir is nil, absent or holds no advisories. An
// advisory that can't be read is an error: leaving it out could turn a
// vulnerable crate into a clean one.
func Load(dir fs.FS) (*DB, error) {
	if dir == nil {
		return nil, ErrNoDatabase
	}
	db := &DB{byID: map[string]*Advisory{}}
	sum := sha256.New()
	var err error
	if db.crates, err = db.load(dir, "crates", sum); err != nil {
		return nil, err
	}
	if db.rust, err = db.load(dir, "rust", sum); err != nil {
		return nil, err
	}
	if len(db.crates) == 0 {
		return nil, ErrNoDatabase
	}
	db.Digest = hex.EncodeToString(sum.Sum(nil))
	db.Revision = Revision{Kind: "digest", ID: db.Digest}
	commit, err := headCommit(dir)
	if err != nil {
		return nil, fmt.Errorf("revision of the advisory database: %w", err)
	}
	if commit != "" {
		db.Revision = Revision{Kind: "git", ID: commit}
	}
	return db, nil
}

// Advisory finds one by its id, and nil where there is none.
func (db *DB) Advisory(id string) *Advisory { return db.byID[id] }

func (db *DB) load(dir fs.FS, collection string, sum hash.Hash) (map[string][]*Advisory, error) {
	packages, err := fs.ReadDir(dir, collection)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the advisory database: %w", err)
	}
	out := map[string][]*Advisory{}
	for _, p := range packages {
		if !p.IsDir() {
			continue
		}
		files, err := fs.ReadDir(dir, path.Join(collection, p.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the advisory database: %w", err)
		}
		for _, f := range files {
			name := path.Join(collection, p.Name(), f.Name())
			if f.IsDir() || strings.HasPrefix(f.Name(), ".") || strings.HasPrefix(f.Name(), "RUSTSEC-0000-0000") {
				continue // a draft has no number yet
			}
			a, err := db.loadFile(dir, name, sum)
			if err != nil {
				return nil, fmt.Errorf("advisory %s: %w", name, err)
			}
			out[a.Package] = append(out[a.Package], a)
		}
	}
	return out, nil
}

func (db *DB) loadFile(dir fs.FS, name string, sum hash.Hash) (*Advisory, error) {
	data, err := readBounded(dir, name, maxAdvisoryBytes)
	if err != nil {
		return nil, err
	}
	a, err := parseAdvisory(data)
	if err != nil {
		return nil, err
	}
	if path.Base(name) != a.ID+".md" || path.Base(path.Dir(name)) != a.Package {
		return nil, fmt.Errorf("it says that it is %s of package %s, which is not what the path says", a.ID, clip(a.Package))
	}
	if db.byID[a.ID] != nil {
		return nil, fmt.Errorf("%s is there twice", a.ID)
	}
	if db.Count++; db.Count > maxAdvisories {
		return nil, fmt.Errorf("more than the limit of %d advisories", maxAdvisories)
	}
	db.byID[a.ID] = a
	db.Newest = max(db.Newest, a.Date)
	fmt.Fprintf(sum, "%s %d\n", name, len(data))
	sum.Write(data)
	return a, nil
}

// headCommit gives the commit that a git checkout is at, and "" where the
// folder is none. It reads the two places where git keeps a branch's commit.
func headCommit(dir fs.FS) (string, error) {
	head, err := readBounded(dir, ".git/HEAD", 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(head))
	ref, symbolic := strings.CutPrefix(text, "ref: ")
	if !symbolic {
		return checkCommit(text)
	}
	loose := path.Join(".git", ref)
	if !fs.ValidPath(loose) || !strings.HasPrefix(loose, ".git/refs/") {
		return "", fmt.Errorf(".git/HEAD names %q, which is not a branch", clip(ref))
	}
	data, err := readBounded(dir, loose, 4096)
	if err == nil {
		return checkCommit(strings.TrimSpace(string(data)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	packed, err := readBounded(dir, ".git/packed-refs", 1<<20)
	if err != nil {
		return "", fmt.Errorf("branch %s has no commit: %w", clip(ref), err)
	}
	for line := range strings.Lines(string(packed)) {
		if id, ok := strings.CutSuffix(strings.TrimSpace(line), " "+ref); ok {
			return checkCommit(id)
		}
	}
	return "", fmt.Errorf("branch %s has no commit", clip(ref))
}

func checkCommit(id string) (string, error) {
	if b, err := hex.DecodeString(id); err != nil || len(b) != 20 && len(b) != 32 {
		return "", fmt.Errorf("%q is not a commit", clip(id))
	}
	return id, nil
}

func readBounded(dir fs.FS, name string, limit int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than the limit of %d bytes", limit)
	}
	return data, nil
}
