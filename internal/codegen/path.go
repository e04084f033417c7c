package codegen

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// cleanOutput makes a rendered output path canonical and refuses one that would
// leave the output folder or reach what is not the template's to write.
func cleanOutput(p string) (string, error) {
	if strings.ContainsAny(p, "\x00\n\r\\") {
		return "", fmt.Errorf("output path %q has a line break, a NUL or a backslash", p)
	}
	if strings.HasPrefix(p, "/") {
		return "", fmt.Errorf("output path %q is absolute; it must be relative to the output folder", p)
	}
	if strings.HasSuffix(p, "/") {
		return "", fmt.Errorf("output path %q names a folder, not a file", p)
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", fmt.Errorf("output path %q leads outside the output folder", p)
		}
		if strings.EqualFold(part, ".git") {
			return "", fmt.Errorf("output path %q is inside a git directory, where files run as hooks", p)
		}
	}
	clean := path.Clean(p)
	if clean == "." || !fs.ValidPath(clean) {
		return "", fmt.Errorf("output path %q is empty or not valid", p)
	}
	if first, _, _ := strings.Cut(clean, "/"); strings.EqualFold(first, Dir) {
		return "", fmt.Errorf("output path %q is inside %s, which sixty keeps for itself", p, Dir)
	}
	return clean, nil
}

// cleanInput resolves a path that a template at file names, relative to the
// template's own folder; it stays inside the template folder.
func cleanInput(file, p string) (string, error) {
	if strings.HasPrefix(p, "/") || strings.Contains(p, "\\") {
		return "", fmt.Errorf("%q must be a path relative to the template", p)
	}
	clean := path.Join(path.Dir(file), p)
	if clean == "." || !fs.ValidPath(clean) {
		return "", fmt.Errorf("%q leads outside the template folder", p)
	}
	return clean, nil
}

// readFile reads a file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is over %d bytes", name, limit)
	}
	return data, nil
}

// existing reads what stands at a path of the output folder, nil when nothing
// does. A symbolic link or anything else that is not a plain file is an error.
func existing(output fs.FS, name string) ([]byte, error) {
	if output == nil {
		return nil, nil
	}
	info, err := fs.Lstat(output, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil // ENOTDIR: a parent is a file, which this run may remove
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s exists and is not a plain file (%s): move it away", name, info.Mode().Type())
	}
	data, err := readFile(output, name, maxExistingSize)
	if data == nil && err == nil {
		data = []byte{}
	}
	return data, err
}
