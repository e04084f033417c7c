package lang

import (
	"bytes"
	"io"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcled"
)

// WriteDiagnostics prints diagnostics as [hcl.NewDiagnosticTextWriter] does, in
// a time that does not grow with the files that they point into. Width is in
// characters, 0 for no wrapping.
func WriteDiagnostics(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, width uint, color bool) error {
	for _, d := range diags {
		near := files
		if d.Subject != nil && files[d.Subject.Filename] != nil {
			var file *hcl.File
			d, file = Excerpt(d, files[d.Subject.Filename])
			near = map[string]*hcl.File{d.Subject.Filename: file}
		}
		if err := hcl.NewDiagnosticTextWriter(w, near, width, color).WriteDiagnostic(d); err != nil {
			return err
		}
	}
	return nil
}

// Excerpt gives a diagnostic and a file that stand for the given ones where
// lines are shown: the file ends with the diagnostic's last line, and what is
// before its first one is so many line ends. HCL goes through a file line by
// line for each diagnostic, which costs minutes where a large file has many.
// Lines and columns stay, byte offsets move.
func Excerpt(d *hcl.Diagnostic, file *hcl.File) (*hcl.Diagnostic, *hcl.File) {
	whole := *d.Subject
	if d.Context != nil {
		whole = hcl.RangeOver(whole, *d.Context)
	}
	src := file.Bytes
	if whole.Start.Line < 1 || whole.Start.Byte < 0 || whole.Start.Byte > whole.End.Byte || whole.End.Byte > len(src) {
		return d, file
	}
	first := bytes.LastIndexByte(src[:whole.Start.Byte], '\n') + 1
	last := len(src)
	if i := bytes.IndexByte(src[whole.End.Byte:], '\n'); i >= 0 {
		last = whole.End.Byte + i + 1
	}
	// To the scanner of lines, which is slow per line and takes none above
	// 64 KiB, carriage returns are one line; to the counter of lines each is one.
	var ahead []byte
	for left := whole.Start.Line - 1; left > 0; left -= min(left, 1000) {
		ahead = append(append(ahead, bytes.Repeat([]byte{'\r'}, min(left, 1000))...), '\n')
	}
	by := len(ahead) - first
	moved := *d
	moved.Subject, moved.Context = move(d.Subject, by), move(d.Context, by)
	return &moved, &hcl.File{Body: file.Body, Bytes: append(ahead, src[first:last]...), Nav: movedNav{file, by}}
}

func move(r *hcl.Range, by int) *hcl.Range {
	if r == nil {
		return nil
	}
	moved := *r
	moved.Start.Byte += by
	moved.End.Byte += by
	return &moved
}

// movedNav answers what a file says of its offsets for an excerpt of it.
type movedNav struct {
	file *hcl.File
	by   int
}

// ContextString names the block that a byte of the excerpt lies in.
func (n movedNav) ContextString(offset int) string {
	return hcled.ContextString(n.file, offset-n.by)
}

// ContextDefRange is where that block is defined, in the file itself.
func (n movedNav) ContextDefRange(offset int) hcl.Range {
	return hcled.ContextDefRange(n.file, offset-n.by)
}
