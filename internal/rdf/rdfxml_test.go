package rdf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Cyclic and exponential entities must end in an error, fast.
func TestEntities(t *testing.T) {
	document := func(subset, text string) string {
		return "<!DOCTYPE x [" + subset + "]>\n<a:r xmlns:a='http://a/' xmlns:rdf='" + rdf.RDFNS +
			"' rdf:about='http://s/'><a:p>" + text + "</a:p></a:r>"
	}
	var laughs strings.Builder
	laughs.WriteString("<!ENTITY l0 'lol'>")
	for i := range 20 {
		fmt.Fprintf(&laughs, "<!ENTITY l%d '%s'>", i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	for _, c := range []struct{ name, document, want, wantErr string }{
		{"in text", document(`<!ENTITY e "a&amp;b">`, "x&e;y"), "xa&by", ""},
		{"nested", document(`<!ENTITY e "1"><!ENTITY f "&e;2&#51;">`, "&f;"), "123", ""},
		{"of characters", document(``, "&lt;&#x41;&#66;&gt;&quot;&apos;"), "<AB>\"'", ""},
		{"first counts", document(`<!ENTITY e "1"><!ENTITY e "2">`, "&e;"), "1", ""},
		{"other declarations", document(`<!-- > --><?pi > ?><!ELEMENT a (b)><!ATTLIST a b CDATA ">"><!ENTITY % p "x"><!ENTITY e "1">`, "&e;"), "1", ""},
		{"undeclared", document("", "&e;"), "", "the entity &e; is not declared"},
		{"cyclic", document(`<!ENTITY e "&f;"><!ENTITY f "&e;">`, "&e;"), "", "the entity &f; is not declared"},
		{"external", document(`<!ENTITY e SYSTEM "file:///etc/passwd">`, "&e;"), "", "is external"},
		{"markup", document(`<!ENTITY e "<b/>">`, "&e;"), "", "has markup"},
		{"parameter", document(`%p;`, ""), "", "parameter entities are not supported"},
		{"billion laughs", document(laughs.String(), "&l20;"), "", "an entity is longer than the limit of 65536 bytes"},
		{"quadratic", document("<!ENTITY e '"+strings.Repeat("x", 60_000)+"'>", strings.Repeat("&e;", 100_000)), "",
			"more than 100 times its size"},
		{"control", document("", "&#1;"), "", "&#1; is not a character of XML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(c.document, rdf.RDFXML, rdf.Options{})
			switch {
			case c.wantErr != "":
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("got %v, want %q", err, c.wantErr)
				}
			case err != nil:
				t.Error(err)
			case got[len(got)-1].Object != rdf.NewLiteral(c.want):
				t.Errorf("got %s, want %q", lines(got), c.want)
			}
		})
	}
	iri := `<!DOCTYPE rdf:RDF [<!ENTITY ex "http://e/">]><rdf:Description xmlns:rdf="` + rdf.RDFNS +
		`" xmlns:e="&ex;v#" rdf:about="&ex;s" e:p="1"/>`
	if got := lines(mustParse(t, iri, rdf.RDFXML, rdf.Options{})); got != "<http://e/s> <http://e/v#p> \"1\" .\n" {
		t.Errorf("in attributes: got %s", got)
	}
}

func TestXMLEncodings(t *testing.T) {
	body := `<e:T xmlns:e="http://e/" xmlns:rdf="` + rdf.RDFNS + `" rdf:about="http://e/s"><e:p>grün 𝄞</e:p></e:T>`
	want := lines(mustParse(t, body, rdf.RDFXML, rdf.Options{}))
	utf16 := func(order func(b []byte, u uint16) []byte, mark bool) string {
		var b []byte
		text := body
		if mark {
			text = "\ufeff" + body
		}
		for _, r := range text {
			if r > 0xffff {
				r -= 0x10000
				b = order(b, uint16(0xd800+r>>10))
				r = 0xdc00 + r&0x3ff
			}
			b = order(b, uint16(r))
		}
		return string(b)
	}
	big := func(b []byte, u uint16) []byte { return append(b, byte(u>>8), byte(u)) }
	little := func(b []byte, u uint16) []byte { return append(b, byte(u), byte(u>>8)) }
	for name, document := range map[string]string{
		"UTF-8 with mark":      "\ufeff" + body,
		"UTF-16 big-endian":    utf16(big, true),
		"UTF-16 little-endian": utf16(little, true),
		"UTF-16 without mark":  utf16(little, false),
	} {
		got, err := parse(document, rdf.RDFXML, rdf.Options{})
		if err != nil || lines(got) != want {
			t.Errorf("%s: %v\n%s", name, err, lines(got))
		}
	}
	latin := "<?xml version='1.0' encoding='ISO-8859-1'?>" +
		strings.ReplaceAll(strings.ReplaceAll(body, " 𝄞", ""), "ü", "\xfc")
	got, err := parse(latin, rdf.RDFXML, rdf.Options{})
	if err != nil || !strings.Contains(lines(got), `"grün"`) {
		t.Errorf("ISO-8859-1: %v\n%s", err, lines(got))
	}
	if _, err := parse("<?xml version='1.0' encoding='EBCDIC'?><a/>", rdf.RDFXML, rdf.Options{}); err == nil {
		t.Error("an unknown encoding was read")
	}
}
