package pysource_test

import (
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/pysource"
)

var seeds = []string{
	"", "x = 'a'\n", `r = f"a{x!r:{w}}" "b{}" '''c'''`, "%env A=b\n!ls\nx = !ls\nobj?\n", "%%time\n%%bash\n'",
	"def f():\r\n\t'''doc'''\r\n\treturn(b'x' rb'\\y')\r", "match x:\n case 'a' | 'b' if 'c': \"\\x41\\u00e9\\N{DASH}\"", "\ufeff# c\nfrom __future__ import a;x='y'",
	`f'{f"{f'''{'x'}'''}"}' rf"\{x}" t'{y=}'`, "import os, nbseal as n\nx = ('a' # c\n 'b')", "'\xff", "'\x00", "\"a\\\n{b}\" u'{c}'",
}

// FuzzLex: tokens cover the source in order, decoded literals map back to it,
// and nothing panics.
func FuzzLex(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		toks, err := pysource.Lex(src)
		if err != nil {
			return
		}
		covers(t, src, toks)
		checkLiterals(t, src, toks)
		at, text, needed := pysource.ImportEdit(src)
		if !needed {
			return
		}
		if at < 0 || at > len(src) {
			t.Fatalf("import at %d of %d", at, len(src))
		}
		if _, err := pysource.Lex(src[:at] + text + src[at:]); err != nil {
			t.Errorf("with the import: %v", err)
		}
	})
}

func checkLiterals(t *testing.T, src string, toks []pysource.Token) {
	for _, tok := range toks {
		if tok.Kind != pysource.String {
			continue
		}
		lit := tok.Literal
		if !(tok.Start+len(lit.Prefix) < lit.ContentStart && lit.ContentStart <= lit.ContentEnd && lit.ContentEnd < tok.End) {
			t.Fatalf("literal %d-%d with its content at %d-%d", tok.Start, tok.End, lit.ContentStart, lit.ContentEnd)
		}
		checkFields(t, src, lit.Fields, lit.ContentStart, lit.ContentEnd)
		d, err := tok.Decode()
		if err != nil {
			continue
		}
		if all, err := d.Slice(pysource.Range{Start: lit.ContentStart, End: lit.ContentEnd}); err != nil || all != d.Value {
			t.Fatalf("the whole content is %q, not %q: %v", all, d.Value, err)
		}
		for i := range len(d.Value) {
			r := d.Source(i, i+1)
			part, err := d.Slice(r)
			if err != nil || !strings.Contains(part, d.Value[i:i+1]) {
				t.Fatalf("byte %d of the value is from %v: %q, %v", i, r, part, err)
			}
		}
	}
}

func checkFields(t *testing.T, src string, fields []pysource.Field, from, to int) {
	for _, f := range fields {
		if f.Start < from || f.End > to || src[f.Start] != '{' || src[f.End-1] != '}' {
			t.Fatalf("field %d-%d in %d-%d", f.Start, f.End, from, to)
		}
		from = f.Start + 1
		for _, tok := range f.Tokens {
			if tok.Start != from || tok.End >= f.End {
				t.Fatalf("token %d-%d in field %d-%d", tok.Start, tok.End, f.Start, f.End)
			}
			from = tok.End
		}
		checkLiterals(t, src, f.Tokens)
		checkFields(t, src, f.Spec, f.SpecStart, f.SpecEnd)
		from = f.End
	}
}

// FuzzRewrite: whatever the ranges, the edits are in order and in the ranges'
// tokens, the source after them can be read, and nothing but what was marked
// goes missing.
func FuzzRewrite(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, uint16(5), uint16(1), uint16(3), uint16(2))
		f.Add(s, uint16(12), uint16(3), uint16(1), uint16(1))
	}
	f.Fuzz(func(t *testing.T, src string, a, n, b, m uint16) {
		first := pysource.Range{Start: int(a), End: int(a) + int(n)}
		second := pysource.Range{Start: first.End + int(b), End: first.End + int(b) + int(m)}
		for _, creds := range [][]pysource.Cred{
			{{Name: "A", Ranges: []pysource.Range{first}}},
			{{Name: "A", Ranges: []pysource.Range{first, second}}},
			{{Name: "B", Ranges: []pysource.Range{second}}, {Name: "A", Ranges: []pysource.Range{first}}},
		} {
			res := pysource.Rewrite(src, creds)
			for i, o := range res.Outcomes {
				if (o.Reason == "") != (len(o.Edits) > 0) || (o.Reason == "") != (o.Value.Len() > 0) {
					t.Fatalf("outcome %d: %+v", i, o)
				}
			}
			after := apply(t, src, res)
			if after == src {
				continue
			}
			before, _ := pysource.Lex(src)
			toks, err := pysource.Lex(after)
			if err != nil {
				t.Fatalf("%q becomes %q: %v", src, after, err)
			}
			covers(t, after, toks)
			if got, want := skeleton(after, toks), skeleton(src, before); got != want {
				t.Fatalf("%q becomes %q: %s, was %s", src, after, got, want)
			}
		}
	})
}

// skeleton is what no rewriting may change: the code between strings, with
// strings, calls of nbseal and %env lines all alike, and adjacent ones as one.
func skeleton(src string, toks []pysource.Token) string {
	var b strings.Builder
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		text := src[t.Start:t.End]
		switch {
		case t.Kind == pysource.Space || t.Kind == pysource.Comment || t.Kind == pysource.Continuation || t.Kind == pysource.NL:
			continue
		case t.Kind == pysource.Magic && t.Escape.Symbol == "%" && strings.HasSuffix(t.Escape.Name, "env"), t.Kind == pysource.String:
			text = "§"
		case text == "nbseal" && i+5 < len(toks):
			call := src[t.Start:toks[i+5].End]
			switch {
			case strings.HasPrefix(call, "nbseal.get(") && strings.HasSuffix(call, ")"):
				text, i = "§", i+5
				if rest := src[toks[i].End:]; strings.HasPrefix(rest, ".encode()") {
					i += 4
				}
			case strings.HasPrefix(call, "nbseal.env("):
				text = "§"
				for src[toks[i].Start:toks[i].End] != ")" {
					i++
				}
			}
		}
		if text == "§" && strings.HasSuffix(b.String(), "§ ") {
			continue
		}
		b.WriteString(text + " ")
	}
	return b.String()
}
