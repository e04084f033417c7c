package tera

import (
	"sort"
	"unicode/utf8"
)

type graphemeClass uint8

const (
	gOther graphemeClass = iota
	gControl
	gCR
	gLF
	gExtend
	gZWJ
	gPrepend
	gSpacing
	gRegional
	gPictographic
	gConsonant
	gL
	gV
	gT
	gLV
	gLVT
)

type graphemeRange struct {
	lo, hi rune
	class  graphemeClass
}

const (
	hangulFirst, hangulLast = 0xAC00, 0xD7A3
	hangulTCount            = 28
)

func classOf(r rune) graphemeClass {
	switch {
	case r == '\r':
		return gCR
	case r == '\n':
		return gLF
	case r < ' ':
		return gControl
	case r < 0x7F:
		return gOther
	case r >= hangulFirst && r <= hangulLast:
		if (r-hangulFirst)%hangulTCount == 0 {
			return gLV
		}
		return gLVT
	}
	i := sort.Search(len(graphemeClasses), func(i int) bool { return graphemeClasses[i].hi >= r })
	if i < len(graphemeClasses) && graphemeClasses[i].lo <= r {
		return graphemeClasses[i].class
	}
	return gOther
}

// graphemes splits s into its extended grapheme clusters, what a reader takes
// for characters (UAX 29).
func graphemes(s string) []any {
	var clusters []any
	for s != "" {
		n := graphemeLength(s)
		clusters = append(clusters, s[:n])
		s = s[n:]
	}
	return clusters
}

// graphemeLength returns the length in bytes of the first cluster of s.
func graphemeLength(s string) int {
	r, end := utf8.DecodeRuneInString(s)
	before := classOf(r)
	c := clusterState{}
	c.add(r, before)
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		after := classOf(r)
		if c.breaks(before, after) {
			break
		}
		c.add(r, after)
		before = after
		end += n
	}
	return end
}

// clusterState is what the rules need to know of the cluster so far beyond
// its last character.
type clusterState struct {
	regional     int  // regional indicators at the end
	pictographic bool // a pictograph, then only extending characters, then at most one joiner
	joined       bool // with that joiner
	consonant    bool // an Indic consonant and then only linkers and extending characters
	linked       bool // with at least one linker among them
}

func (c *clusterState) add(r rune, class graphemeClass) {
	c.regional++
	if class != gRegional {
		c.regional = 0
	}
	c.pictographic = class == gPictographic || c.pictographic && !c.joined && (class == gExtend || class == gZWJ)
	c.joined = c.pictographic && class == gZWJ
	const zeroWidthNonJoiner = 0x200C
	switch {
	case class == gConsonant:
		c.consonant, c.linked = true, false
	case isConjunctLinker(r):
		c.linked = c.consonant
	case class == gExtend && r != zeroWidthNonJoiner, class == gZWJ:
	default:
		c.consonant, c.linked = false, false
	}
}

// breaks decides between two neighbours; the comments name UAX 29's rules.
func (c *clusterState) breaks(before, after graphemeClass) bool {
	switch {
	case before == gCR && after == gLF: // GB3
		return false
	case before == gControl, before == gCR, before == gLF, // GB4
		after == gControl, after == gCR, after == gLF: // GB5
		return true
	case before == gL && (after == gL || after == gV || after == gLV || after == gLVT): // GB6
		return false
	case (before == gLV || before == gV) && (after == gV || after == gT): // GB7
		return false
	case (before == gLVT || before == gT) && after == gT: // GB8
		return false
	case after == gExtend, after == gZWJ, after == gSpacing, before == gPrepend: // GB9, GB9a, GB9b
		return false
	case after == gConsonant: // GB9c
		return !c.linked
	case before == gZWJ && after == gPictographic: // GB11
		return !c.pictographic
	case before == gRegional && after == gRegional: // GB12, GB13
		return c.regional%2 == 0
	}
	return true // GB999
}

// isConjunctLinker is Indic_Conjunct_Break=Linker.
func isConjunctLinker(r rune) bool {
	switch r {
	case 0x94D, 0x9CD, 0xACD, 0xB4D, 0xC4D, 0xD4D, 0x1039, 0x17D2, 0x1A60, 0x1B44, 0x1BAB, 0xA9C0, 0xAAF6,
		0x10A3F, 0x11133, 0x113D0, 0x1193E, 0x11A47, 0x11A99, 0x11F42:
		return true
	}
	return false
}
