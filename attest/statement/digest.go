package statement

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	// DirHash names the digest of a tree's file names and contents.
	DirHash = "dirHash"
	// GitTree names git's object name of a tree, which covers modes as well.
	GitTree = "gitTree"
)

// Bytes describes an artifact that is in memory.
func Bytes(name string, data []byte) Resource {
	sum := sha256.Sum256(data)
	return Resource{Name: name, Digest: Digest{"sha256": hex.EncodeToString(sum[:])}}
}

// File describes the file at path under the given name. The content is read
// once and not kept.
func File(name, path string) (Resource, error) {
	f, err := os.Open(path)
	if err != nil {
		return Resource{}, fmt.Errorf("digest %s: %w", name, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Resource{}, fmt.Errorf("digest %s: %w", name, err)
	}
	return Resource{Name: name, Digest: Digest{"sha256": hex.EncodeToString(h.Sum(nil))}}, nil
}

// Tree describes a tree of files by two digests, both defined outside sixty
// (in-toto attestation framework, DigestSet), so that it can be checked
// without it:
//
//   - dirHash: SHA-256 over the lines that sha256sum prints for the files in
//     the order of their names in the C locale, as Go modules use it;
//   - gitTree: the object name that git write-tree gives in a repository of
//     object format SHA-256; it covers the executable bit too.
//
// Empty directories have no digest in either. A symbolic link counts in gitTree
// alone, as the path that it holds and not as what lies there; a tree with one
// has no dirHash, which could not tell it from a tree without. Other special
// files are refused.
func Tree(name string, tree fs.FS) (Resource, error) {
	files, err := treeFiles(tree)
	if err != nil {
		return Resource{}, fmt.Errorf("digest tree %s: %w", name, err)
	}
	digest := Digest{GitTree: gitTree(files)}
	if !slices.ContainsFunc(files, func(f treeFile) bool { return f.mode == modeLink }) {
		digest[DirHash] = dirHash(files)
	}
	return Resource{Name: name, Digest: digest}, nil
}

// The modes of git's tree entries.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeFolder     = "40000"
)

type treeFile struct {
	path    string
	mode    string
	content [sha256.Size]byte // of the content alone, for dirHash
	blob    [sha256.Size]byte // of git's blob object, for gitTree
}

func treeFiles(tree fs.FS) ([]treeFile, error) {
	var files []treeFile
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.Contains(p, "\n") {
			return fmt.Errorf("%q has a line break in its name", p)
		}
		var file treeFile
		switch d.Type() {
		case 0:
			file, err = readTreeFile(tree, p, d)
		case fs.ModeSymlink:
			file, err = readTreeLink(tree, p)
		default:
			return fmt.Errorf("%s is a %s, only regular files and symbolic links have a digest", p, d.Type())
		}
		files = append(files, file)
		return err
	})
	slices.SortFunc(files, func(a, b treeFile) int { return cmp.Compare(a.path, b.path) })
	return files, err
}

func readTreeLink(tree fs.FS, p string) (treeFile, error) {
	target, err := fs.ReadLink(tree, p)
	if err != nil {
		return treeFile{}, err
	}
	return treeFile{path: p, mode: modeLink, blob: sha256.Sum256(fmt.Appendf(nil, "blob %d\x00%s", len(target), target))}, nil
}

func readTreeFile(tree fs.FS, p string, d fs.DirEntry) (treeFile, error) {
	info, err := d.Info()
	if err != nil {
		return treeFile{}, err
	}
	f, err := tree.Open(p)
	if err != nil {
		return treeFile{}, err
	}
	defer f.Close()
	content, blob := sha256.New(), sha256.New()
	fmt.Fprintf(blob, "blob %d\x00", info.Size())
	n, err := io.Copy(io.MultiWriter(content, blob), f)
	if err != nil {
		return treeFile{}, err
	}
	if n != info.Size() {
		return treeFile{}, fmt.Errorf("%s changed while it was read", p)
	}
	file := treeFile{path: p, mode: modeFile}
	if info.Mode()&0o100 != 0 {
		file.mode = modeExecutable
	}
	content.Sum(file.content[:0])
	blob.Sum(file.blob[:0])
	return file, nil
}

func dirHash(files []treeFile) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%x  %s\n", f.content, f.path)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// gitTree builds the tree objects from the files, which stand in path order.
func gitTree(files []treeFile) string {
	sum := treeObject("", files)
	return hex.EncodeToString(sum[:])
}

type treeEntry struct {
	mode, name string
	object     [sha256.Size]byte
}

func treeObject(dir string, files []treeFile) [sha256.Size]byte {
	var entries []treeEntry
	for len(files) > 0 {
		rest := strings.TrimPrefix(files[0].path, dir)
		name, _, nested := strings.Cut(rest, "/")
		if !nested {
			entries = append(entries, treeEntry{files[0].mode, name, files[0].blob})
			files = files[1:]
			continue
		}
		sub := path.Join(dir, name) + "/"
		n := 0
		for n < len(files) && strings.HasPrefix(files[n].path, sub) {
			n++
		}
		entries = append(entries, treeEntry{modeFolder, name, treeObject(sub, files[:n])})
		files = files[n:]
	}
	return hashTree(entries)
}

// hashTree puts the entries in git's order, in which a directory sorts as if
// its name ended in a slash.
func hashTree(entries []treeEntry) [sha256.Size]byte {
	key := func(e treeEntry) string {
		if e.mode == modeFolder {
			return e.name + "/"
		}
		return e.name
	}
	slices.SortFunc(entries, func(a, b treeEntry) int { return cmp.Compare(key(a), key(b)) })
	var body strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&body, "%s %s\x00%s", e.mode, e.name, e.object[:])
	}
	return sha256.Sum256(fmt.Appendf(nil, "tree %d\x00%s", body.Len(), body.String()))
}
