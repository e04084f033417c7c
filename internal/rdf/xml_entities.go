package rdf

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on what entities of a DTD may grow to.
const (
	maxEntities    = 4096
	maxEntityBytes = 64 << 10
	// A document may grow to this many times its size by entities, beyond a
	// first mebibyte.
	maxEntityGrowth = 100
	freeGrowth      = 1 << 20
)

// entityTable holds the general entities of a document's internal subset. Each
// is expanded when it is declared, from those declared before it, so that none
// can contain itself.
type entityTable struct {
	text  map[string]entity
	grown int64 // bytes that references have expanded to
}

type entity struct {
	text string
	// refused says why it must not be used: it is external, or has markup.
	refused string
}

var predefinedEntities = map[string]string{"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": `"`}

// reference takes &name; or &#n; onto scratch.
func (x *xmlReader) reference() error {
	end := 1
	for x.peekAt(end) != ';' {
		c := x.peekAt(end)
		if c == 0 || c == '<' || c == '&' || isXMLSpace(c) || end > 256 {
			return x.errorHere("'&' begins an entity such as &amp; and needs its ';'; write &amp; for the character")
		}
		end++
	}
	name := string(x.buf[x.pos+1 : x.pos+end])
	text, err := x.expand(name)
	if err != nil {
		return err
	}
	x.scratch = append(x.scratch, text...)
	x.pos += end + 1
	return nil
}

// expand gives what stands for &name;.
func (x *xmlReader) expand(name string) (string, error) {
	if number, ok := strings.CutPrefix(name, "#"); ok {
		r, ok := xmlCharRef(number)
		if !ok {
			return "", x.errorHere("&%s; is not a character of XML", name)
		}
		return string(r), nil
	}
	if text, ok := predefinedEntities[name]; ok {
		return text, nil
	}
	e, ok := x.entities.text[name]
	switch {
	case !ok:
		return "", x.errorHere("the entity &%s; is not declared", name)
	case e.refused != "":
		return "", x.errorHere("the entity &%s; %s, which is not supported", name, e.refused)
	}
	x.entities.grown += int64(len(e.text))
	if x.entities.grown > freeGrowth+maxEntityGrowth*x.offset() {
		return "", x.errorHere("entities make the document more than %d times its size", maxEntityGrowth)
	}
	return e.text, nil
}

// xmlCharRef decodes the number of &#n; or &#xn;.
func xmlCharRef(number string) (rune, bool) {
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	r := rune(n)
	if err != nil || n > utf8.MaxRune || !utf8.ValidRune(r) || r == 0xFFFE || r == 0xFFFF {
		return 0, false
	}
	return r, r >= 0x20 || r == '\t' || r == '\n' || r == '\r'
}

// doctype takes <!DOCTYPE … [ … ]> and keeps the entities it declares.
func (x *xmlReader) doctype() error {
	x.pos += len("<!DOCTYPE")
	for {
		x.space()
		switch c := x.peek(); {
		case x.atEnd():
			return x.errorf("<!DOCTYPE does not end: '>' is missing")
		case c == '>':
			x.pos++
			return nil
		case c == '[':
			x.pos++
			if err := x.internalSubset(); err != nil {
				return err
			}
		case c == '"' || c == '\'':
			if _, err := x.literal(); err != nil {
				return err
			}
		default:
			x.pos++
		}
	}
}

func (x *xmlReader) internalSubset() error {
	for {
		x.space()
		var err error
		switch {
		case x.atEnd():
			return x.errorf("<!DOCTYPE does not end: ']' is missing")
		case x.peek() == ']':
			x.pos++
			return nil
		case x.looking("<!--"):
			_, err = x.upTo("<!--", "-->")
		case x.looking("<?"):
			_, err = x.upTo("<?", "?>")
		case x.looking("<!ENTITY"):
			err = x.entityDeclaration()
		case x.looking("<!"):
			err = x.skipDeclaration()
		case x.peek() == '%':
			err = x.errorf("parameter entities are not supported")
		default:
			err = x.errorf("expected a declaration or ']', found %s", x.found())
		}
		if err != nil {
			return err
		}
	}
}

// skipDeclaration takes the rest of a declaration, quoted parts as a whole.
func (x *xmlReader) skipDeclaration() error {
	for {
		x.space()
		switch c := x.peek(); {
		case x.atEnd():
			return x.errorf("the declaration does not end: '>' is missing")
		case c == '>':
			x.pos++
			return nil
		case c == '"' || c == '\'':
			if _, err := x.literal(); err != nil {
				return err
			}
		default:
			x.pos++
		}
	}
}

// literal takes a quoted part of a declaration as it is.
func (x *xmlReader) literal() (string, error) {
	quote := x.buf[x.pos]
	return x.upTo(string(quote), string(quote))
}

// entityDeclaration takes <!ENTITY …>. The first declaration of a name counts.
func (x *xmlReader) entityDeclaration() error {
	x.pos += len("<!ENTITY")
	x.space()
	if x.peek() == '%' {
		return x.skipDeclaration()
	}
	name, err := x.qname("the entity's name")
	if err != nil {
		return err
	}
	x.space()
	e := entity{refused: "is external"}
	if c := x.peek(); c == '"' || c == '\'' {
		value, err := x.literal()
		if err != nil {
			return err
		}
		if e, err = x.declared(value); err != nil {
			return err
		}
	}
	if x.entities.text == nil {
		x.entities.text = map[string]entity{}
	}
	if _, ok := x.entities.text[name]; !ok {
		x.entities.text[name] = e
	}
	if len(x.entities.text) > maxEntities {
		return x.errorf("more than %d entities are declared", maxEntities)
	}
	return x.skipDeclaration()
}

// declared expands an entity's literal value: character references when it is
// declared, the rest as content where it is used (XML 1.0, section 4.4), which
// is done here once.
func (x *xmlReader) declared(value string) (entity, error) {
	text, err := x.expandAll(value, true)
	if err != nil {
		return entity{}, err
	}
	if strings.Contains(text, "<") {
		return entity{refused: "has markup"}, nil
	}
	text, err = x.expandAll(text, false)
	return entity{text: text}, err
}

// expandAll expands the references in s; with only, those of characters.
func (x *xmlReader) expandAll(s string, charsOnly bool) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "&")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, ";")
		if !ok {
			return "", x.errorf("'&' in an entity's value begins a reference and needs its ';'")
		}
		if charsOnly && !strings.HasPrefix(name, "#") {
			b.WriteString("&" + name + ";")
		} else {
			text, err := x.expand(name)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
		}
		if b.Len() > maxEntityBytes {
			return "", x.errorf("an entity is longer than the limit of %d bytes", maxEntityBytes)
		}
		s = after
	}
}
