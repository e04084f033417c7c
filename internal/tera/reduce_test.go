package tera_test

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// TestReduce shrinks the generated template of the seed SIXTY_TERA_SEED for as
// long as the engines disagree on it, and shows what is left.
func TestReduce(t *testing.T) {
	text := os.Getenv("SIXTY_TERA_SEED")
	if text == "" {
		t.Skip("set SIXTY_TERA_SEED to a seed that FuzzGeneratedAgainstCrate reported")
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	o := startOracle(t)
	c := generated(seed)
	difference := func() error {
		want, err := c.ask(o)
		if errors.Is(err, errOracleDied) || want.Panic != nil {
			return nil
		}
		return c.compare(want)
	}
	if difference() == nil {
		t.Fatal("the engines agree")
	}
	piece := regexp.MustCompile(`(?s)\{[{%#].*?[}%#]\}|[^{]+|\{`)
	for name := range c.Templates {
		parts := piece.FindAllString(c.Templates[name], -1)
		for size := len(parts); size > 0; {
			shrunk := false
			for at := 0; at+size <= len(parts); {
				candidate := append(append([]string{}, parts[:at]...), parts[at+size:]...)
				before := c.Templates[name]
				c.Templates[name] = join(candidate)
				if difference() != nil {
					parts, shrunk = candidate, true
					continue
				}
				c.Templates[name] = before
				at++
			}
			if !shrunk || size > len(parts) {
				size /= 2
			}
		}
	}
	t.Logf("%q\n%v", c.Templates, difference())
}

func join(parts []string) string {
	s := ""
	for _, p := range parts {
		s += p
	}
	return s
}
