package lang

import (
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	ctyyaml "github.com/zclconf/go-cty-yaml"
)

// Function is one function of the language. The table is also what the
// reference and completions are made from.
type Function struct {
	Name        string
	Description string
	Example     string
	Func        function.Function
}

// Functions returns the functions of the language, by name. All are pure:
// none reads the clock, chance, the network or the environment. Those that
// read files are confined to dir, and are left out when dir is empty. None makes
// more than 100,000 elements or 16 MiB of text.
func Functions(dir string) []Function {
	table := []Function{
		{"abs", "The absolute value of a number.", `abs(-3)`, stdlib.AbsoluteFunc},
		{"alltrue", "Whether all elements of a list are true.", `alltrue([true, 1 < 2])`, allTrue},
		{"anytrue", "Whether any element of a list is true.", `anytrue([false, 1 < 2])`, anyTrue},
		{"can", "Whether an expression can be evaluated without an error.", `can(regex("^a", "abc"))`, tryfunc.CanFunc},
		{"ceil", "The smallest whole number not below a number.", `ceil(1.2)`, stdlib.CeilFunc},
		{"chomp", "A string without the newlines at its end.", `chomp("a\n")`, stdlib.ChompFunc},
		{"chunklist", "A list cut into lists of a given length.", `chunklist(["a", "b", "c"], 2)`, stdlib.ChunklistFunc},
		{"coalesce", "The first argument that is not null.", `coalesce(null, "a")`, stdlib.CoalesceFunc},
		{"coalescelist", "The first list that is not empty.", `coalescelist([], ["a"])`, stdlib.CoalesceListFunc},
		{"compact", "A list of strings without the empty ones.", `compact(["a", ""])`, stdlib.CompactFunc},
		{"concat", "Lists joined into one.", `concat(["a"], ["b"])`, stdlib.ConcatFunc},
		{"contains", "Whether a list holds a value.", `contains(["a", "b"], "a")`, stdlib.ContainsFunc},
		{"csvdecode", "CSV text as a list of objects.", `csvdecode("a,b\n1,2")`, stdlib.CSVDecodeFunc},
		{"distinct", "A list without repeats.", `distinct(["a", "a"])`, stdlib.DistinctFunc},
		{"element", "The element of a list at an index that wraps around.", `element(["a", "b"], 3)`, stdlib.ElementFunc},
		{"endswith", "Whether a string ends with a suffix.", `endswith("main.rs", ".rs")`, endsWith},
		{"flatten", "Lists of lists as one list.", `flatten([["a"], ["b"]])`, stdlib.FlattenFunc},
		{"floor", "The largest whole number not above a number.", `floor(1.8)`, stdlib.FloorFunc},
		{"format", "Text from a format and values, as in printf.", `format("%s-%03d", "a", 7)`, stdlib.FormatFunc},
		{"formatlist", "Texts from a format and lists of values.", `formatlist("lib%s", ["a", "b"])`, stdlib.FormatListFunc},
		{"indent", "Text whose lines but the first are indented.", `indent(2, "a\nb")`, stdlib.IndentFunc},
		{"index", "The element of a list, or of a map of values of one type, at a key.", `index(["a", "b"], 1)`, stdlib.IndexFunc},
		{"int", "The whole part of a number.", `int(3.7)`, stdlib.IntFunc},
		{"join", "Strings joined by a separator.", `join(",", ["a", "b"])`, stdlib.JoinFunc},
		{"jsondecode", "JSON text as a value.", `jsondecode("[1]")`, stdlib.JSONDecodeFunc},
		{"jsonencode", "A value as JSON text.", `jsonencode({ a = 1 })`, stdlib.JSONEncodeFunc},
		{"keys", "The keys of a map.", `keys({ a = 1 })`, stdlib.KeysFunc},
		{"length", "The number of elements or characters.", `length("abc")`, lengthFunc},
		{"log", "The logarithm of a number to a base.", `log(8, 2)`, stdlib.LogFunc},
		{"lookup", "A map's value for a key, or a default.", `lookup({ a = 1 }, "b", 0)`, stdlib.LookupFunc},
		{"lower", "A string in lower case.", `lower("AB")`, stdlib.LowerFunc},
		{"max", "The largest of some numbers.", `max(1, 2)`, stdlib.MaxFunc},
		{"merge", "Maps joined, later keys winning.", `merge({ a = 1 }, { b = 2 })`, stdlib.MergeFunc},
		{"min", "The smallest of some numbers.", `min(1, 2)`, stdlib.MinFunc},
		{"parseint", "A whole number from text in a base.", `parseint("ff", 16)`, stdlib.ParseIntFunc},
		{"pow", "A number raised to a power.", `pow(2, 3)`, stdlib.PowFunc},
		{"range", "A list of numbers.", `range(3)`, stdlib.RangeFunc},
		{"regex", "The first match of a pattern.", `regex("[0-9]+", "a12")`, stdlib.RegexFunc},
		{"regexall", "All matches of a pattern.", `regexall("[0-9]", "1a2")`, stdlib.RegexAllFunc},
		{"regex_replace", "A string with matches of a pattern replaced.", `regex_replace("a1", "[0-9]", "")`, stdlib.RegexReplaceFunc},
		{"replace", "A string with a part replaced everywhere.", `replace("a-b", "-", "_")`, stdlib.ReplaceFunc},
		{"reverse", "A list in reverse order.", `reverse(["a", "b"])`, stdlib.ReverseListFunc},
		{"setintersection", "The elements that all sets hold.", `setintersection(["a"], ["a", "b"])`, stdlib.SetIntersectionFunc},
		{"setproduct", "Every combination of elements.", `setproduct(["a"], ["b", "c"])`, stdlib.SetProductFunc},
		{"setsubtract", "The elements of a set that another lacks.", `setsubtract(["a", "b"], ["a"])`, stdlib.SetSubtractFunc},
		{"setunion", "The elements that any set holds.", `setunion(["a"], ["b"])`, stdlib.SetUnionFunc},
		{"signum", "The sign of a number.", `signum(-3)`, stdlib.SignumFunc},
		{"slice", "A part of a list.", `slice(["a", "b", "c"], 1, 2)`, stdlib.SliceFunc},
		{"sort", "A list of strings in order.", `sort(["b", "a"])`, stdlib.SortFunc},
		{"split", "A string cut at a separator.", `split(",", "a,b")`, stdlib.SplitFunc},
		{"startswith", "Whether a string starts with a prefix.", `startswith("src/lib.rs", "src/")`, startsWith},
		{"strcontains", "Whether a string holds another.", `strcontains("abc", "b")`, strContains},
		{"strlen", "The number of characters of a string.", `strlen("abc")`, stdlib.StrlenFunc},
		{"substr", "A part of a string.", `substr("abc", 0, 2)`, stdlib.SubstrFunc},
		{"title", "A string with each word's first letter upper case.", `title("a b")`, stdlib.TitleFunc},
		{"tobool", "A value as a bool.", `tobool("true")`, stdlib.MakeToFunc(cty.Bool)},
		{"tolist", "A value as a list.", `tolist(["a"])`, stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType))},
		{"tomap", "A value as a map.", `tomap({ a = "b" })`, stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType))},
		{"tonumber", "A value as a number.", `tonumber("3")`, stdlib.MakeToFunc(cty.Number)},
		{"toset", "A value as a set.", `toset(["a", "a"])`, stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))},
		{"tostring", "A value as a string.", `tostring(3)`, stdlib.MakeToFunc(cty.String)},
		{"trim", "A string without some characters at its ends.", `trim("!a!", "!")`, stdlib.TrimFunc},
		{"trimprefix", "A string without a prefix.", `trimprefix("v1.2", "v")`, stdlib.TrimPrefixFunc},
		{"trimspace", "A string without white space at its ends.", `trimspace(" a ")`, stdlib.TrimSpaceFunc},
		{"trimsuffix", "A string without a suffix.", `trimsuffix("a.rs", ".rs")`, stdlib.TrimSuffixFunc},
		{"try", "The first expression that can be evaluated.", `try(var.a.b, "none")`, tryfunc.TryFunc},
		{"upper", "A string in upper case.", `upper("ab")`, stdlib.UpperFunc},
		{"values", "The values of a map.", `values({ a = 1 })`, stdlib.ValuesFunc},
		{"yamldecode", "YAML text as a value.", `yamldecode("a: 1")`, ctyyaml.YAMLDecodeFunc},
		{"yamlencode", "A value as YAML text.", `yamlencode({ a = 1 })`, ctyyaml.YAMLEncodeFunc},
		{"zipmap", "A map from a list of keys and a list of values.", `zipmap(["a"], [1])`, stdlib.ZipmapFunc},
	}
	if dir != "" {
		table = append(table, fileFunctions(dir)...)
	}
	for i, f := range table {
		if f.Name != "try" && f.Name != "can" { // these evaluate expressions themselves
			table[i].Func = limited(f.Name, f.Func)
		}
	}
	return table
}

// FunctionMap is Functions in the form that HCL evaluates with, for one
// evaluation: what the loops of a syntax tree that went through [Meter] make is
// counted over the life of the map.
func FunctionMap(dir string) map[string]function.Function {
	m := map[string]function.Function{meterName: meter()}
	for _, f := range Functions(dir) {
		m[f.Name] = f.Func
	}
	return m
}

// SharedMeter is FunctionMap whose loops are counted together with those of
// another map, as when a module is evaluated for who calls it.
func SharedMeter(dir string, with map[string]function.Function) map[string]function.Function {
	m := FunctionMap(dir)
	m[meterName] = with[meterName]
	return m
}
