package ijson

import (
	"encoding/json"
	"strings"
	"testing"
)

var limits = Limits{Bytes: 1 << 16, Depth: 4}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		in, want string // want is part of the refusal, "" for none
	}{
		{`{}`, ""}, {`null`, ""}, {` [1, -2, 3.5, 1e3, 0.1] `, ""}, {`{"a":{"b":[{}]}}`, ""},
		{`9007199254740991`, ""}, {`-9007199254740991`, ""},
		{`{"a":1,"A":2}`, ""},
		{`[{"a":1},{"a":2}]`, ""},
		{`9007199254740992`, "beyond"}, {`-9007199254740992`, "beyond"}, {`12345678901234567`, "beyond"},
		{`9007199254740993.0`, "beyond"}, {`1e300`, "beyond"}, {`1e999`, "out of range"},
		{`{"a":1,"a":1}`, "twice"}, {`{"a":1,"\u0061":1}`, "twice"}, {`[{"b":{"x":1,"x":2}}]`, "$[0].b"},
		{`[[[[[]]]]]`, "deeper than 4"}, {`{"a":{"a":{"a":{"a":{}}}}}`, "deeper than 4"},
		{``, "too early"}, {`{"a"`, "too early"}, {`[1,]`, "not JSON"}, {`{} {}`, "more follows"}, {`{}x`, "more follows"},
		{"\"\xff\"", "not UTF-8"}, {`01`, "more follows"}, {`{1:2}`, "not JSON"},
		{`"` + strings.Repeat("a", 1<<16) + `"`, "more than the"},
	} {
		err := Check([]byte(c.in), limits)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%.40s: %v", c.in, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%.40s: got %v, want %q", c.in, err, c.want)
		}
	}
}

func TestUnmarshalTakesNamesExactly(t *testing.T) {
	type inner struct {
		Level string `json:"level"`
	}
	type outer struct {
		Inner  inner            `json:"inner"`
		List   []inner          `json:"list"`
		ByName map[string]inner `json:"byName"`
	}
	for in, want := range map[string]bool{
		`{"inner":{"level":"x"},"list":[{"level":"x"}],"byName":{"LEVEL":{"level":"x"}}}`: true,
		`{"unknown":{"LEVEL":"x"}}`:      true,
		`{"Inner":{}}`:                   false,
		`{"inner":{"LEVEL":"x"}}`:        false,
		`{"list":[{},{"Level":"x"}]}`:    false,
		`{"byName":{"a":{"Level":"x"}}}`: false,
		`{"inner":{"level":1}}`:          false,
		`[]`:                             false,
	} {
		var v outer
		if err := Unmarshal([]byte(in), &v); (err == nil) != want {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,true]}`, `{"a":1,"a":2}`, `[[[[[[`, `1e400`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data, limits) == nil && !json.Valid(data) {
			t.Errorf("accepted what is not JSON: %q", data)
		}
	})
}
