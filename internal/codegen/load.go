package codegen

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// listFiles gives the files of a template folder in path order.
func listFiles(fsys fs.FS) ([]string, error) {
	if fsys == nil {
		return nil, nil
	}
	var files []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a plain file (%s)", name, d.Type())
		}
		if len(files) == maxFiles {
			return fmt.Errorf("there are over %d files", maxFiles)
		}
		files = append(files, name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the template folder: %w", err)
	}
	slices.Sort(files)
	return files, nil
}

// isTemplate reports whether a file is rendered, and gives its path without
// the suffix that says so.
func isTemplate(file string) (string, bool) {
	for _, suffix := range []string{".tera", ".tmpl"} {
		if stem, ok := strings.CutSuffix(file, suffix); ok && stem != "" && !strings.HasSuffix(stem, "/") {
			return stem, true
		}
	}
	return file, false
}

// isPartial reports whether a file only serves others.
func isPartial(file string) bool {
	for part := range strings.SplitSeq(file, "/") {
		if strings.HasPrefix(part, "_") {
			return true
		}
	}
	return false
}

// load reads one file of a template folder into documents, and registers the
// bodies that other templates may include.
func (r *run) load(layer Layer, file string) error {
	name := path.Join(layer.Name, file)
	data, err := readFile(layer.FS, file, maxOutputSize)
	if err != nil {
		return &Error{File: name, Message: err.Error(), Err: err}
	}
	stem, template := isTemplate(file)
	if r.req.project != nil && !strings.HasSuffix(file, ".tmpl") {
		// ggen renders .tmpl files alone. Others are there to be included, and
		// one that can't be is a fault where it is.
		_ = r.add(name, string(data), source{file: name, text: string(data), line: 1})
		if docs, err := ParseDocuments(name, string(data)); template && err == nil && docs[0].Front.To.given() {
			r.warnings = append(r.warnings, fmt.Sprintf("%s:%d: it says where its output goes, but ggen renders files called .tmpl alone: rename it, or drop the frontmatter if it is there to be included", name, docs[0].Line))
		}
		return nil
	}
	if r.req.project == nil && isPartial(file) {
		return r.add(name, string(data), source{file: name, text: string(data), line: 1})
	}
	if !template {
		r.docs = append(r.docs, Document{File: name, Body: string(data), Front: Frontmatter{To: text{s: file}}, whole: file, verbatim: true})
		return nil
	}
	docs, err := ParseDocuments(name, string(data))
	if err != nil {
		return err
	}
	for i := range docs {
		d := &docs[i]
		d.layer, d.file = layer.FS, file
		if !d.Front.To.given() {
			d.Front.To = text{s: stem, line: max(1, d.Line), col: 1, innerLine: max(1, d.Line)}
		}
		if d.Front.From.given() {
			if err := r.readFrom(d); err != nil {
				return err
			}
		}
		d.name = name
		if i > 0 {
			d.name = fmt.Sprintf("%s#%d", name, i+1)
		}
		if err := r.add(d.name, d.Body, d.source); err != nil {
			return err
		}
	}
	r.docs = append(r.docs, docs...)
	return nil
}

// readFrom replaces a document's body with the file that `from` names.
func (r *run) readFrom(d *Document) error {
	from := d.Front.From
	name, err := cleanInput(d.file, from.s)
	if err != nil {
		return d.errorAt(from, "from: %v", err)
	}
	if strings.TrimSpace(d.Body) != "" {
		return d.errorAt(from, "from names the body, but a body follows as well: keep one of them")
	}
	data, err := readFile(d.layer, name, maxTemplateSize)
	if err != nil {
		return d.errorAt(from, "from: %v", err)
	}
	d.Body = string(data)
	d.source = source{file: name, text: d.Body, line: 1}
	return nil
}

func (r *run) add(name, body string, src source) error {
	r.sources[name] = src
	if err := r.env.Add(name, body); err != nil {
		return r.place(err, src)
	}
	return nil
}
