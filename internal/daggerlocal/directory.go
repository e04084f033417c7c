package daggerlocal

import "context"

// Directory is a tree of files.
type Directory struct{ object }

// WithDirectory adds a directory.
func (d *Directory) WithDirectory(path string, source *Directory) *Directory {
	return &Directory{object{d.q.Select("withDirectory").Arg("path", path).Arg("source", source)}}
}

// WithFile adds a file.
func (d *Directory) WithFile(path string, source *File) *Directory {
	return &Directory{object{d.q.Select("withFile").Arg("path", path).Arg("source", source)}}
}

// WithNewFile adds a file that holds a text.
func (d *Directory) WithNewFile(path, contents string) *Directory {
	return &Directory{object{d.q.Select("withNewFile").Arg("path", path).Arg("contents", contents)}}
}

// Directory is a directory in it.
func (d *Directory) Directory(path string) *Directory {
	return &Directory{object{d.q.Select("directory").Arg("path", path)}}
}

// File is a file in it.
func (d *Directory) File(path string) *File {
	return &File{object{d.q.Select("file").Arg("path", path)}}
}

// DirectoryFilterOpts says what is left of a directory.
type DirectoryFilterOpts struct {
	// Include are patterns of what stays.
	Include []string
}

// Filter leaves a part of it.
func (d *Directory) Filter(opts ...DirectoryFilterOpts) *Directory {
	q := d.q.Select("filter")
	for _, o := range opts {
		if len(o.Include) > 0 {
			q = q.Arg("include", o.Include)
		}
	}
	return &Directory{object{q}}
}

// ID names it in the session.
func (d *Directory) ID(ctx context.Context) (ID, error) { return d.id(ctx) }

// Digest is the digest of its content.
func (d *Directory) Digest(ctx context.Context) (string, error) {
	return get[string](ctx, d.q.Select("digest"))
}

// Entries are the names in it; a directory's name ends with a slash.
func (d *Directory) Entries(ctx context.Context) ([]string, error) {
	return get[[]string](ctx, d.q.Select("entries"))
}

// Export writes it to a folder of the machine that the caller runs on and gives
// that folder back.
func (d *Directory) Export(ctx context.Context, path string) (string, error) {
	return get[string](ctx, d.q.Select("export").Arg("path", path))
}

// Sync makes it.
func (d *Directory) Sync(ctx context.Context) (*Directory, error) {
	id, err := get[ID](ctx, d.q.Select("sync"))
	if err != nil {
		return nil, err
	}
	return &Directory{node(d.q, id, "Directory")}, nil
}

// Changes is what distinguishes it from an earlier directory.
func (d *Directory) Changes(from *Directory) *Changeset {
	return &Changeset{object{d.q.Select("changes").Arg("from", from)}}
}

// Changeset is what distinguishes two directories.
type Changeset struct{ object }

// File is one file.
type File struct{ object }

// Contents is what it holds.
func (f *File) Contents(ctx context.Context) (string, error) {
	return get[string](ctx, f.q.Select("contents"))
}

// Export writes it to a path of the machine that the caller runs on and gives
// that path back.
func (f *File) Export(ctx context.Context, path string) (string, error) {
	return get[string](ctx, f.q.Select("export").Arg("path", path))
}
