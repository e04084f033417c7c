package rdf

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds that keep looking names up from taking quadratic time.
const (
	maxXMLAttributes = 4096 // on one element
	maxXMLNamespaces = 1024 // in force at one place
)

const xmlNS = "http://www.w3.org/XML/1998/namespace"

type xmlKind uint8

const (
	xmlEOF xmlKind = iota
	xmlStart
	xmlEnd
	xmlText
	xmlComment
	xmlInstruction
)

// xmlEvent is a piece of a document. An empty element is a start and an end.
type xmlEvent struct {
	kind  xmlKind
	name  xmlName // of a start
	attrs []xmlAttr
	text  string // of text, comments and instructions
	at    Position
}

// xmlName is a name with its namespace resolved.
type xmlName struct{ prefix, local, space string }

type xmlAttr struct {
	name  xmlName
	value string
}

// xmlReader takes an XML document apart (XML 1.0, Namespaces in XML 1.0),
// without validation and without external entities. Namespace declarations are
// applied and not among a start's attributes.
type xmlReader struct {
	lexer
	entities entityTable

	open     []xmlElement
	bindings []xmlBinding
	pending  bool // an empty element's end is due
	rooted   bool // the root element has begun
	maxDepth int
}

type xmlElement struct {
	name     string // as written
	bindings int    // in force outside
}

type xmlBinding struct{ prefix, space string }

func newXMLReader(s *source, o Options) *xmlReader {
	return &xmlReader{
		lexer: newLexer(s, o), maxDepth: o.MaxDepth,
		bindings: []xmlBinding{{"xml", xmlNS}},
	}
}

// next gives the next event. It is valid for as long as the caller likes.
func (x *xmlReader) next() (xmlEvent, error) {
	if x.pending {
		x.pending = false
		return x.closeElement(x.place()), nil
	}
	for {
		x.mark = x.pos
		at := x.place()
		switch {
		case x.atEnd():
			if err := x.failure(); err != nil {
				return xmlEvent{}, err
			}
			if len(x.open) > 0 {
				return xmlEvent{}, x.errorf("the document ends inside <%s>", x.open[len(x.open)-1].name)
			}
			if !x.rooted {
				return xmlEvent{}, x.errorf("the document has no element")
			}
			return xmlEvent{kind: xmlEOF, at: at}, nil
		case x.peek() != '<':
			text, err := x.charData()
			if err != nil {
				return xmlEvent{}, err
			}
			if len(x.open) > 0 {
				return xmlEvent{kind: xmlText, text: text, at: at}, nil
			}
			if rest := strings.TrimLeft(text, " \t\r\n"); rest != "" {
				white := bytes.IndexFunc(x.buf[x.mark:x.pos], func(r rune) bool { return !unicode.IsSpace(r) })
				return xmlEvent{}, x.errorAtf(x.mark+max(white, 0), "text outside of the root element")
			}
		default:
			ev, err := x.markup(at)
			if err != nil || ev.kind != xmlEOF {
				return ev, err
			}
		}
	}
}

func (x *xmlReader) place() Position {
	return Position{Line: x.line, Column: x.column(x.pos)}
}

// markup takes what begins with '<'; kind xmlEOF where there is no event in it.
func (x *xmlReader) markup(at Position) (xmlEvent, error) {
	switch {
	case x.looking("<!--"):
		text, err := x.upTo("<!--", "-->")
		if err == nil && (strings.Contains(text, "--") || strings.HasSuffix(text, "-")) {
			err = x.errorf("a comment must not contain --")
		}
		return xmlEvent{kind: xmlComment, text: text, at: at}, err
	case x.looking("<?"):
		text, err := x.upTo("<?", "?>")
		if target, _, _ := strings.Cut(text, " "); strings.EqualFold(target, "xml") {
			return xmlEvent{}, err
		}
		return xmlEvent{kind: xmlInstruction, text: text, at: at}, err
	case x.looking("<![CDATA["):
		if len(x.open) == 0 {
			return xmlEvent{}, x.errorf("text outside of the root element")
		}
		text, err := x.upTo("<![CDATA[", "]]>")
		return xmlEvent{kind: xmlText, text: text, at: at}, err
	case x.looking("<!DOCTYPE"):
		if x.rooted {
			return xmlEvent{}, x.errorf("<!DOCTYPE comes before the root element")
		}
		return xmlEvent{}, x.doctype()
	case x.looking("</"):
		return x.endTag(at)
	}
	return x.startTag(at)
}

// looking reports whether the document goes on with s.
func (x *xmlReader) looking(s string) bool {
	return x.has(len(s)) && string(x.buf[x.pos:x.pos+len(s)]) == s
}

// upTo takes text between two marks and gives it with line ends normalized.
func (x *xmlReader) upTo(begin, end string) (string, error) {
	x.mark = x.pos
	x.pos += len(begin)
	x.scratch = x.scratch[:0]
	for !x.looking(end) {
		if x.atEnd() {
			return "", x.errorf("%s does not end: %s is missing", begin, end)
		}
		if err := x.character(false); err != nil {
			return "", err
		}
	}
	x.pos += len(end)
	return string(x.scratch), x.taken()
}

// taken accounts for the lines of the current token, and its size.
func (x *xmlReader) taken() error {
	if err := x.fits(x.scratch); err != nil {
		return err
	}
	x.newlines(x.mark, x.pos)
	return nil
}

// character takes one character onto scratch as it is, but for line ends,
// which become "\n", or, with flat, white space, which becomes a space.
func (x *xmlReader) character(flat bool) error {
	c := x.buf[x.pos]
	switch {
	case c == '\r' && x.peekAt(1) == '\n':
		x.pos++ // the line feed that follows stands for both
		return nil
	case flat && (c == '\n' || c == '\r' || c == '\t'):
		c = ' '
	case c == '\r':
		c = '\n'
	case c >= 0x80:
		r, size := x.rune()
		if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
			return x.errorHere("%s is not allowed in XML", x.found())
		}
		x.scratch = append(x.scratch, x.buf[x.pos:x.pos+size]...)
		x.pos += size
		return nil
	case c < 0x20 && c != '\n' && c != '\t':
		return x.errorHere("%s is not allowed in XML", x.found())
	}
	x.scratch = append(x.scratch, c)
	x.pos++
	return nil
}

// charData takes text up to the next markup.
func (x *xmlReader) charData() (string, error) {
	x.mark = x.pos
	x.scratch = x.scratch[:0]
	for !x.atEnd() && x.buf[x.pos] != '<' {
		var err error
		switch {
		case x.buf[x.pos] == '&':
			err = x.reference()
		case x.buf[x.pos] == ']' && x.looking("]]>"):
			err = x.errorHere("]]> is not allowed in text")
		default:
			err = x.character(false)
		}
		if err != nil {
			return "", err
		}
		if err := x.fits(x.scratch); err != nil {
			return "", err
		}
	}
	return string(x.scratch), x.taken()
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// space takes white space and reports whether there was any.
func (x *xmlReader) space() bool {
	any := false
	for isXMLSpace(x.peek()) {
		if x.buf[x.pos] == '\n' {
			x.line++
			x.lineStart = x.pos + 1
		}
		x.pos++
		any = true
	}
	x.mark = x.pos
	return any
}

// qname takes a name, which may have a prefix.
func (x *xmlReader) qname(of string) (string, error) {
	x.mark = x.pos
	colons := 0
	for {
		r, size := x.rune()
		first := x.pos == x.mark || x.buf[x.pos-1] == ':'
		switch {
		case r == ':' && !first && colons == 0:
			colons++
		case isNameStart(r) && size > 0 && !(r == utf8.RuneError && size == 1), r == '_':
		case !first && (isNameChar(r) && size > 0 && !(r == utf8.RuneError && size == 1) || r == '.'):
		default:
			if first {
				return "", x.errorHere("expected %s, found %s", of, x.found())
			}
			name := x.buf[x.mark:x.pos]
			return x.intern.str(name), x.fits(name)
		}
		x.pos += size
	}
}

func (x *xmlReader) endTag(at Position) (xmlEvent, error) {
	x.pos += 2
	name, err := x.qname("a name")
	if err != nil {
		return xmlEvent{}, err
	}
	if len(x.open) == 0 || x.open[len(x.open)-1].name != name {
		return xmlEvent{}, x.errorf("</%s> ends an element that is not the one that is open", name)
	}
	x.space()
	if x.peek() != '>' {
		return xmlEvent{}, x.errorf("expected '>', found %s", x.found())
	}
	x.pos++
	return x.closeElement(at), nil
}

func (x *xmlReader) closeElement(at Position) xmlEvent {
	last := x.open[len(x.open)-1]
	x.open = x.open[:len(x.open)-1]
	x.bindings = x.bindings[:last.bindings]
	return xmlEvent{kind: xmlEnd, at: at}
}

func (x *xmlReader) startTag(at Position) (xmlEvent, error) {
	if len(x.open) == 0 && x.rooted {
		return xmlEvent{}, x.errorf("a document has one root element")
	}
	x.rooted = true
	if len(x.open) >= x.maxDepth {
		return xmlEvent{}, x.errorf("elements are nested deeper than the limit of %d", x.maxDepth)
	}
	x.pos++
	name, err := x.qname("an element's name")
	if err != nil {
		return xmlEvent{}, err
	}
	x.open = append(x.open, xmlElement{name, len(x.bindings)})
	var attrs []xmlAttr
	size := 0
	for {
		spaced := x.space()
		switch c := x.peek(); {
		case c == '/' && x.peekAt(1) == '>':
			x.pos += 2
			x.pending = true
			return x.resolved(at, name, attrs)
		case c == '>':
			x.pos++
			return x.resolved(at, name, attrs)
		case !spaced:
			return xmlEvent{}, x.errorf("expected '>', '/>' or an attribute, found %s", x.found())
		}
		attr, err := x.attribute()
		if err != nil {
			return xmlEvent{}, err
		}
		if size += len(attr.name.local) + len(attr.value); size > x.max {
			return xmlEvent{}, x.errorf("the attributes are longer than the limit of %d bytes", x.max)
		}
		if attrs = append(attrs, attr); len(attrs) > maxXMLAttributes {
			return xmlEvent{}, x.errorf("an element has more than %d attributes", maxXMLAttributes)
		}
	}
}

// attribute takes one attribute; its name is in local as it is written.
func (x *xmlReader) attribute() (xmlAttr, error) {
	name, err := x.qname("an attribute's name")
	if err != nil {
		return xmlAttr{}, err
	}
	x.space()
	if x.peek() != '=' {
		return xmlAttr{}, x.errorf("expected '=' after the attribute %s, found %s", name, x.found())
	}
	x.pos++
	x.space()
	value, err := x.attributeValue()
	return xmlAttr{xmlName{local: name}, value}, err
}

func (x *xmlReader) attributeValue() (string, error) {
	quote := x.peek()
	if quote != '"' && quote != '\'' {
		return "", x.errorf("expected a value in quotes, found %s", x.found())
	}
	x.mark = x.pos
	x.pos++
	x.scratch = x.scratch[:0]
	for {
		if x.atEnd() {
			return "", x.errorf("the value does not end: %q is missing", string(quote))
		}
		var err error
		switch x.buf[x.pos] {
		case quote:
			x.pos++
			return x.intern.str(x.scratch), x.taken()
		case '<':
			err = x.errorHere("'<' is not allowed in a value; write &lt;")
		case '&':
			err = x.reference()
		default:
			err = x.character(true)
		}
		if err == nil {
			err = x.fits(x.scratch)
		}
		if err != nil {
			return "", err
		}
	}
}
