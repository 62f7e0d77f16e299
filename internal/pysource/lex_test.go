package pysource_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/pysource"
)

// dump writes tokens but white space as kind:text.
func dump(src string, toks []pysource.Token) string {
	var b strings.Builder
	for _, t := range toks {
		if t.Kind == pysource.Space {
			continue
		}
		fmt.Fprintf(&b, "%v:%s ", t.Kind, strings.NewReplacer("\n", "~", "\r", "^").Replace(src[t.Start:t.End]))
	}
	return strings.TrimSuffix(b.String(), " ")
}

func TestLex(t *testing.T) {
	tests := []struct{ src, want string }{
		{"x = 1\n", "name:x op:= number:1 newline:~"},
		{"\n\n# c\nx", "nl:~ nl:~ comment:# c nl:~ name:x"},
		{"(\n1,\n)\r\nx", "op:( nl:~ number:1 op:, nl:~ op:) newline:^~ name:x"},
		{"x \\\n = 1\ry", "name:x continuation:\\~ op:= number:1 newline:^ name:y"},
		{"1if 0x1Fe 1_0.5e-3j .5 0b1_0 1..a", "number:1 name:if number:0x1Fe number:1_0.5e-3j number:.5 number:0b1_0 number:1. op:. name:a"},
		{"a**=b//c!=d->e:=f...", "name:a op:**= name:b op:// name:c op:!= name:d op:-> name:e op::= name:f op:..."},
		{`rB"\"" bR'' Ub"" u'x' rf"" fur""`, `string:rB"\"" string:bR'' name:Ub string:"" string:u'x' string:rf"" name:fur string:""`},
		{`""""a"b\""""""`, `string:""""a"b\"""" string:""`},
		{"'a\\\r\nb'", "string:'a\\^~b'"},
		{"a\fb\v$`", "name:a name:b other:\v other:$ other:`"},
		{"\ufeffx = é日", "name:x op:= name:é日"},
		{`f"{a["b"]!r:{c:>{d}}}" f'{{}}{x!=y}'`, `string:f"{a["b"]!r:{c:>{d}}}" string:f'{{}}{x!=y}'`},
		{"f'''{\n# it's }\nx}''' t\"{1}\"", "string:f'''{~# it's }~x}''' string:t\"{1}\""},
		{`f"\N{DASH}\{x}\\{x}" rf"\N{x}"`, `string:f"\N{DASH}\{x}\\{x}" string:rf"\N{x}"`},
		// IPython.
		{"%env A='b\nx", "magic:%env A='b newline:~ name:x"},
		{"!a \\\n 'b\nx", "magic:!a \\~ 'b newline:~ name:x"},
		{"if x:\n  !!ls 'a\n", "name:if name:x op:: newline:~ magic:!!ls 'a newline:~"},
		{"x = %sql 'a\ny = !ls 'a", "name:x op:= magic:%sql 'a newline:~ name:y op:= magic:!ls 'a"},
		{"x = y % z; w = {\n'a': !x}", "name:x op:= name:y op:% name:z op:; name:w op:= op:{ nl:~ string:'a' op:: other:! name:x op:}"},
		{"(a\n%b\n)\nx.y(k=%z)", "op:( name:a nl:~ op:% name:b nl:~ op:) newline:~ name:x op:. name:y op:( name:k op:= op:% name:z op:)"},
		{"?a'\n??a'\n,f a'\n;f a'\n/f a'", "magic:?a' newline:~ magic:??a' newline:~ magic:,f a' newline:~ magic:;f a' newline:~ magic:/f a'"},
		{"a.b??\nx?  \n%x?\ny", "magic:a.b?? newline:~ magic:x? newline:~ magic:%x? newline:~ name:y"},
		{"%%time a'\n%b'\nx", "magic:%%time a' newline:~ magic:%b' newline:~ name:x"},
		{"\n %%bash\necho 'a", "nl:~ magic:%%bash newline:~ foreign:echo 'a"},
		{"%%capture\n\n%%html\n<a'>", "magic:%%capture newline:~ nl:~ magic:%%html newline:~ foreign:<a'>"},
		{"%%time?\nx", "magic:%%time? newline:~ name:x"},
		{"%%python3 -i", "magic:%%python3 -i"},
		{"# c\n%%bash\nx", "comment:# c nl:~ magic:%%bash newline:~ name:x"},
	}
	for _, test := range tests {
		toks, err := pysource.Lex(test.src)
		if err != nil {
			t.Errorf("%q: %v", test.src, err)
			continue
		}
		covers(t, test.src, toks)
		if got := dump(test.src, toks); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.src, got, test.want)
		}
	}
}

func TestLexErrors(t *testing.T) {
	tests := []struct {
		src          string
		line, column int
		what         string
	}{
		{"x = 'abc\ny", 1, 5, "not closed"},
		{"é = 1\ré = '''abc\n", 2, 5, "not closed"},
		{"x\r\n  f'{a'", 2, 7, "not closed"},
		{"f'{a!r'", 1, 1, "not closed"},
		{"f'{a:{b}'", 1, 1, "not closed"},
		{"f'''{(", 1, 1, "not closed"},
		{`'\`, 1, 1, "not closed"},
		{`f'\`, 1, 1, "not closed"},
		{"f'a}'", 1, 4, "single }"},
		{"x\n\xff", 2, 1, "not UTF-8"},
		{"é\xc3", 1, 2, "not UTF-8"},
		{"é\x00", 1, 2, "NUL"},
		{strings.Repeat("f'{", 101), 1, 303, "nested too deeply"},
		{`f'` + strings.Repeat("{a:", 101), 1, 303, "nested too deeply"},
	}
	for _, test := range tests {
		_, err := pysource.Lex(test.src)
		var syntax *pysource.SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != test.line || syntax.Column != test.column || !strings.Contains(syntax.What, test.what) {
			t.Errorf("%.20q: %v, want line %d, column %d, %s", test.src, err, test.line, test.column, test.what)
		}
	}
	if _, err := pysource.Lex(strings.Repeat("f'{", 100) + strings.Repeat("}'", 100)); err != nil {
		t.Errorf("100 levels: %v", err)
	}
}

func TestFields(t *testing.T) {
	src := `f"a{x['k']=!r:>{w}}{{{'n'}"`
	toks, err := pysource.Lex(src)
	if err != nil {
		t.Fatal(err)
	}
	fields := toks[0].Literal.Fields
	if len(fields) != 2 || !fields[0].Debug || fields[0].Conversion != 'r' || fields[1].Debug || fields[1].Conversion != 0 {
		t.Fatalf("fields: %+v", fields)
	}
	if got := src[fields[0].SpecStart:fields[0].SpecEnd]; got != ">{w}" || len(fields[0].Spec) != 1 {
		t.Errorf("specification %q, %d fields", got, len(fields[0].Spec))
	}
	if got := dump(src, fields[0].Tokens); got != "name:x op:[ string:'k' op:] op:=" {
		t.Errorf("tokens %s", got)
	}
	if got := dump(src, fields[1].Tokens); got != "string:'n'" {
		t.Errorf("tokens %s", got)
	}
}

func TestDecode(t *testing.T) {
	src := `x = 'a\x62c\
d\u00e9é'`
	toks, err := pysource.Lex(src)
	if err != nil {
		t.Fatal(err)
	}
	d, err := toks[4].Decode()
	if err != nil || d.Value != "abcdéé" {
		t.Fatalf("%q, %v", d.Value, err)
	}
	at := strings.Index(src, `\x`)
	for _, test := range []struct {
		start, end int
		want       string
	}{{5, at, "a"}, {at, at + 4, "b"}, {at + 4, at + 8, "cd"}, {5, len(src) - 1, "abcdéé"}, {5, 5, ""}, {len(src) - 1, len(src) - 1, ""}} {
		if got, err := d.Slice(pysource.Range{Start: test.start, End: test.end}); err != nil || got != test.want {
			t.Errorf("Slice(%d, %d) = %q, %v; want %q", test.start, test.end, got, err, test.want)
		}
	}
	for _, r := range []pysource.Range{{Start: at + 1, End: at + 4}, {Start: 5, End: at + 6}, {Start: 0, End: 6}, {Start: 6, End: len(src)}, {Start: 6, End: 5}} {
		if got, err := d.Slice(r); err == nil {
			t.Errorf("Slice(%v) = %q", r, got)
		}
	}
	for i := range d.Value {
		r := d.Source(i, i+1)
		if got, err := d.Slice(r); err != nil || !strings.Contains(got, d.Value[i:i+1]) {
			t.Errorf("Source(%d) = %v: %q, %v", i, r, got, err)
		}
	}
	for _, bad := range []string{`'\x4'`, `'\U00110000'`, `'\N'`, `b'é'`, `b'\é'`, `'\ud800'`, `'\N{DASH}'`, `f'{x}'`} {
		toks, err := pysource.Lex(bad)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := toks[0].Value(); err == nil {
			t.Errorf("%s has the value %q", bad, v)
		}
	}
}

// TestLinear: sources made to be slow take no more than their size explains.
func TestLinear(t *testing.T) {
	const size = 1 << 17
	for _, unit := range []string{
		`"`, `'"`, `"""`, `""`, `"" `, "{", "}", "f'{", "f'{{'", "f'{x}'", `f"\N{`, `\`, "\\\n", "(", "()", "#", "?", "x?\n",
		"%%time\n", "%", "x = ", "import nbseal,", "nbseal,", "import a;", "from __future__ import a;", "'' #\n", "('' #\n", "case '':", "\r", "\f", "\n",
		"'\\", "'\\N{a'", "def f(): ''\n", "'';", "%x\n''\n", "1_", "é", ";", "!a\\\n", "{'a':'b'},", `"\q"`,
	} {
		src := strings.Repeat(unit, size/len(unit))
		start := time.Now()
		toks, err := pysource.Lex(src)
		pysource.ImportEdit(src)
		if err == nil {
			covers(t, src, toks)
		}
		// Some thousand credentials of two bytes, in whatever is there.
		var creds []pysource.Cred
		for at := 0; at+2 < len(src); at += 100 {
			creds = append(creds, pysource.Cred{Name: fmt.Sprint("N", at), Ranges: []pysource.Range{{Start: at, End: at + 2}}})
		}
		pysource.Rewrite(src, creds)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%d bytes of %q take %v", size, unit, d)
		}
	}
	// And many in few long literals.
	for _, src := range []string{"'" + strings.Repeat("a{}", size/3) + "'", "(" + strings.Repeat("'a{}'\n", size/6) + ")", "f'" + strings.Repeat("a{x}", size/4) + "'"} {
		var creds []pysource.Cred
		for at := 2; at+6 < len(src); at += 6 {
			creds = append(creds, pysource.Cred{Name: fmt.Sprint("N", at), Ranges: []pysource.Range{{Start: at, End: at + 1}}})
		}
		start := time.Now()
		res := pysource.Rewrite(src, creds)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%d credentials in %.8q… take %v", len(creds), src, d)
		}
		if !slices.ContainsFunc(res.Outcomes, func(o pysource.Outcome) bool { return o.Reason == "" }) {
			t.Errorf("%.8q…: nothing rewritten: %s", src, res.Outcomes[0].Reason)
		}
	}
}
