package rdf

// badInIRIRef marks the ASCII bytes that Turtle's IRIREF does not allow between
// < and > (Turtle 1.1, section 6.5, rule 18).
var badInIRIRef = func() (t [256]bool) {
	for c := range 0x21 {
		t[c] = true
	}
	for _, c := range `<>"{}|^` + "`\\" {
		t[c] = true
	}
	return t
}()
