package pysource_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/edit"
	"github.com/nbseal/nbseal/internal/pysource"
)

// cell is a source in which credentials are marked: «A» is a credential named A
// with a random text, the same for each A, so that no literal here looks like a
// credential; «A:text» has a text of its own; «+A» is a further part of the A
// before it.
type cell struct {
	src   string
	creds []pysource.Cred
}

func parseCell(marked string) cell {
	var c cell
	var b strings.Builder
	texts := map[string]string{}
	for {
		plain, rest, found := strings.Cut(marked, "«")
		b.WriteString(plain)
		if !found {
			break
		}
		var inner string
		inner, marked, _ = strings.Cut(rest, "»")
		name, text, _ := strings.Cut(inner, ":")
		name, more := strings.CutPrefix(name, "+")
		switch {
		case text != "":
		case more || texts[name] == "":
			text = rand.Text()[:20]
			texts[name] = text
		default:
			text = texts[name]
		}
		r := pysource.Range{Start: b.Len(), End: b.Len() + len(text)}
		b.WriteString(text)
		if n := len(c.creds) - 1; more {
			c.creds[n].Ranges = append(c.creds[n].Ranges, r)
		} else {
			c.creds = append(c.creds, pysource.Cred{Name: name, Ranges: []pysource.Range{r}})
		}
	}
	c.src = b.String()
	return c
}

// apply splices the edits of a result.
func apply(t testing.TB, src string, res pysource.Result) string {
	t.Helper()
	b := edit.New([]byte(src))
	for _, e := range res.Edits() {
		b.Replace(e.Start, e.End, e.Text)
	}
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

type pyCase struct {
	Name   string            `json:"name"`
	Before string            `json:"before"`
	After  string            `json:"after"`
	Values map[string]string `json:"values"`
}

type pyProblem struct{ Name, Problem string }

// TestRewrite checks the text after rewriting, and lets Python evaluate r before
// and after.
func TestRewrite(t *testing.T) {
	tests := []struct{ src, want string }{
		// The whole literal.
		{`r = "«A»"`, `r = nbseal.get("A")`},
		{`r = '«A»'`, `r = nbseal.get("A")`},
		{`r = dict(key="«A»", n=1)`, `r = dict(key=nbseal.get("A"), n=1)`},
		{`r = {"user": "me", "key": '«A»'}`, `r = {"user": "me", "key": nbseal.get("A")}`},
		{`r = {"«A»": 1}`, `r = {nbseal.get("A"): 1}`},
		{`r = str("«A»")`, `r = str(nbseal.get("A"))`},
		{`r = ["a", "«A»", "b"]`, `r = ["a", nbseal.get("A"), "b"]`},
		{`os.environ["X_TEST"] = "«A»"; r = os.environ["X_TEST"]`, `os.environ["X_TEST"] = nbseal.get("A"); r = os.environ["X_TEST"]`},
		{`r = "x" == "«A»"`, `r = "x" == nbseal.get("A")`},
		{"def f(k='«A»'):\n    return k\nr = f()", "def f(k=nbseal.get(\"A\")):\n    return k\nr = f()"},
		{"def f():\n\treturn'«A»'\nr = f()", "def f():\n\treturn nbseal.get(\"A\")\nr = f()"},
		{`r = (lambda:"«A»")()`, `r = (lambda:nbseal.get("A"))()`},
		{`r = 1 if"«A»"else 2`, `r = 1 if nbseal.get("A")else 2`},
		{`r = "«A»"[2:5].lower()`, `r = nbseal.get("A")[2:5].lower()`},
		{`r = "«A»" % ()`, `r = nbseal.get("A") % ()`},
		{`r = "«A»".format(1)`, `r = nbseal.get("A").format(1)`},
		{`r = r"«A»"`, `r = nbseal.get("A")`},
		{`r = u'«A»'`, `r = nbseal.get("A")`},
		{`r = f"«A»"`, `r = nbseal.get("A")`},
		{`r = rF"«A»"`, `r = nbseal.get("A")`},
		{`r = """«A»"""`, `r = nbseal.get("A")`},
		{"r = '''\n  «A»\n'''", `r = nbseal.get("A")`},
		{"r = '''\r\n  «A»\r'''", `r = nbseal.get("A")`},
		{`r = "«A:pa\x73s\tword\101\u00e9\"\'»"`, `r = nbseal.get("A")`},
		{`r = "«A:tail-of-it\\»"`, `r = nbseal.get("A")`},
		{`r = "«A:unknown\qescape»"`, `r = nbseal.get("A")`},
		{"r = \"«A:line-one\\\nline-two»\"", `r = nbseal.get("A")`},
		{`r = "«A:pässwörd-日本»"`, `r = nbseal.get("A")`},
		{`r = "«A:{brace}{{»"`, `r = nbseal.get("A")`},
		{`r = f"«A:{{brace}}»"`, `r = nbseal.get("A")`},
		// Bytes.
		{`r = b"«A»"`, `r = nbseal.get("A").encode()`},
		{`r = Rb'«A»'.upper()`, `r = nbseal.get("A").encode().upper()`},
		{`r = b"«A»" b"«+A»"`, `r = nbseal.get("A").encode()`},
		// A part of a literal.
		{`r = "Bearer «A»"`, `r = f"Bearer {nbseal.get('A')}"`},
		{`r = 'Bearer «A»'`, `r = f'Bearer {nbseal.get("A")}'`},
		{`r = "postgres://u:«A»@h/db?x=1"`, `r = f"postgres://u:{nbseal.get('A')}@h/db?x=1"`},
		{`r = """{"user": "u", "key": "«A»", "n": {}}"""`, `r = f"""{{"user": "u", "key": "{nbseal.get('A')}", "n": {{}}}}"""`},
		{`r = '{«A»}'`, `r = f'{{{nbseal.get("A")}}}'`},
		{`r = r"C:\«A»\n{}"`, `r = rf"C:\{nbseal.get('A')}\n{{}}"`},
		{`r = R'\d{3} «A»'`, `r = Rf'\d{{3}} {nbseal.get("A")}'`},
		{`r = u"k=«A»"`, `r = f"k={nbseal.get('A')}"`},
		{`r = "\N{BULLET} \x7b {«A»} \{"`, `r = f"\N{BULLET} \x7b {{{nbseal.get('A')}}} \{{"`},
		{`r = "\t\"«A»\"\n"`, `r = f"\t\"{nbseal.get('A')}\"\n"`},
		{`r = " «A»"`, `r = f" {nbseal.get('A')}"`},
		{`r = "k=«A»; %s" % "x"`, `r = f"k={nbseal.get('A')}; %s" % "x"`},
		{`r = "k=«A»; {}".format("x")`, `r = f"k={nbseal.get('A')}; {{}}".format("x")`},
		{`r = "u:«A»@h«B:{p}»{x}".format(p=1, x=2) if 0 else "«B:{p}»"`, `r = f"u:{nbseal.get('A')}@h{nbseal.get('B')}{{x}}".format(p=1, x=2) if 0 else nbseal.get("B")`},
		{`r = 1 if"k «A»"else 2`, `r = 1 if f"k {nbseal.get('A')}"else 2`},
		{`r = not"k «A»"`, `r = not f"k {nbseal.get('A')}"`},
		{"r = '''\n# «A»\n\"k\"'''", "r = f'''\n# {nbseal.get(\"A\")}\n\"k\"'''"},
		// Several credentials.
		{`r = "«A»:«B»"`, `r = f"{nbseal.get('A')}:{nbseal.get('B')}"`},
		{`r = "«A»{«B»"`, `r = f"{nbseal.get('A')}{{{nbseal.get('B')}"`},
		{`r = ["«A»", "«B»"]`, `r = [nbseal.get("A"), nbseal.get("B")]`},
		{`r = "«A»" "«B»"`, `r = f"{nbseal.get('A')}" f"{nbseal.get('B')}"`},
		// Adjacent literals.
		{"r = (\"«A»\"\n     '«+A»')", `r = (nbseal.get("A"))`},
		{"r = \"«A»\" \\\n    \"«+A»\"", `r = nbseal.get("A")`},
		{"r = (\"«A»\"  # one\n     \"«+A»\"  # two\n)", "r = (nbseal.get(\"A\")  # one\n       # two\n)"},
		{`r = "Bearer «A»" "«+A»"`, `r = f"Bearer {nbseal.get('A')}"`},
		{`r = "Bearer «A»" "" "«+A»{}" '{}'`, `r = f"Bearer {nbseal.get('A')}" "" "{}" '{}'`},
		{"r = (\"Bearer «A»\"  # one\n  '«+A»'if 1 else 2)", "r = (f\"Bearer {nbseal.get('A')}\"  # one\n  if 1 else 2)"},
		{"r = \"Bearer «A»\" \\\n  \"«+A»\"", `r = f"Bearer {nbseal.get('A')}"`},
		{`r = "x" r"«A»" '}'`, `r = "x" rf"{nbseal.get('A')}" '}'`},
		{`r = "x""«A»""}"`, `r = "x"f"{nbseal.get('A')}""}"`},
		{`r = f"{1}" "«A»{"`, `r = f"{1}" f"{nbseal.get('A')}{{"`},
		// Formatted strings.
		{`x = 1; r = f"Bearer «A» {x}"`, `x = 1; r = f"Bearer {nbseal.get('A')} {x}"`},
		{`x = 1; r = f'{x!r:>{x}}{{«A»}}'`, `x = 1; r = f'{x!r:>{x}}{{{nbseal.get("A")}}}'`},
		{`x = 1; r = f"""{x} "«A»" {x=}"""`, `x = 1; r = f"""{x} "{nbseal.get('A')}" {x=}"""`},
		{`r = f"{'«A»'}"`, `r = f"{nbseal.get('A')}"`},
		{`r = f'''{"«A»" "«+A»":>40}'''`, `r = f'''{nbseal.get("A"):>40}'''`},
		{`r = f"{dict(k='«A»')['k']!s:>30}"`, `r = f"{dict(k=nbseal.get('A'))['k']!s:>30}"`},
		{`r = f"""{str('Bearer «A»')}"""`, `r = f"""{str(f'Bearer {nbseal.get("A")}')}"""`},
		{`r = f"{'''k «A»'''}"`, `r = f"{f'''k {nbseal.get('A')}'''}"`},
		{`x = 3; r = f"{x:{'>'}{len('«A»')}}"`, `x = 3; r = f"{x:{'>'}{len(nbseal.get('A'))}}"`},
		// Statements.
		{"def f():\n    1; '«A»'\nr = f()", "def f():\n    1; nbseal.get(\"A\")\nr = f()"},
		{"if 1:\n    '«A»'\nr = 1", "if 1:\n    nbseal.get(\"A\")\nr = 1"},
		{"'«A»'\nr = 1", "nbseal.get(\"A\")\nr = 1"},
		{"def f(): return lambda: '«A»'\nr = f()()", "def f(): return lambda: nbseal.get(\"A\")\nr = f()()"},
		{"match 'x':\n    case x if x != '«A»':\n        r = '«A»'", "match 'x':\n    case x if x != nbseal.get(\"A\"):\n        r = nbseal.get(\"A\")"},
		{"case = '«A»'; r = case", "case = nbseal.get(\"A\"); r = case"},
		{"case: str = '«A»'; r = case", "case: str = nbseal.get(\"A\"); r = case"},
		// Comments.
		{"r = 1  # key «A», old", "r = 1  # key [nbseal:A], old"},
		// The cell knows nbseal already.
		{"import os, nbseal\nr = '«A»'", "import os, nbseal\nr = nbseal.get(\"A\")"},
		{"import nbseal as nbseal\nr = '«A»'", "import nbseal as nbseal\nr = nbseal.get(\"A\")"},
		{"from nbseal import get\nr = '«A»'", "from nbseal import get\nr = nbseal.get(\"A\")"},
	}
	var cases []pyCase
	for i, test := range tests {
		c := parseCell(test.src)
		res := pysource.Rewrite(c.src, c.creds)
		values := map[string]string{}
		for k, o := range res.Outcomes {
			if o.Reason != "" {
				t.Errorf("%s: %s stays: %s", test.src, c.creds[k].Name, o.Reason)
			}
			value := string(o.Value.Reveal())
			values[c.creds[k].Name] = value
			for _, e := range o.Edits {
				if strings.Contains(e.Text, value) {
					t.Errorf("%s: an edit holds the value", test.src)
				}
			}
		}
		after := apply(t, c.src, res)
		if after != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.src, after, test.want)
		}
		if res.NeedsImport() {
			if at, text, needed := pysource.ImportEdit(c.src); needed {
				if at != 0 {
					t.Fatalf("%s: import at %d", test.src, at)
				}
				after = text + after
			}
		}
		cases = append(cases, pyCase{fmt.Sprint(i, " ", test.src), c.src, after, values})
	}
	if len(cases) < 60 {
		t.Fatalf("%d cases only", len(cases))
	}
	for _, p := range runPython[pyProblem](t, "evaluate.py", cases) {
		t.Errorf("%s: %s", p.Name, p.Problem)
	}
}

// TestRewriteRefuses checks that a reason is given and the credential is not in
// it.
func TestRewriteRefuses(t *testing.T) {
	tests := []struct{ src, reason string }{
		{`r = b"k «A»"`, "part of a bytes literal"},
		{`r = b"«A:k\xff»"`, "no ASCII text"},
		{"def f():\n    '''«A»'''", "docstring"},
		{"def f(a: int) -> str:\n\n    # c\n    'k' \\\n  ' «A»'\n    return 1", "docstring"},
		{"class C(object): ('«A»');", "docstring"},
		{"async def f():\n  (\n 'k'\n '«A»')", "docstring"},
		{"'«A»'\nfrom __future__ import annotations", "__future__"},
		{"match x:\n  case '«A»': pass", "case pattern"},
		{"match x:\n  case {'k': ['«A»', *_]} | 'k «B»' if y: pass", "case pattern"},
		{"def f(x: Literal['«A»', 1]): pass", "in a type"},
		{"x: typing.Literal['«A»']", "in a type"},
		{`t"k «A»"`, "template string"},
		{`t"k {f('«A»')}"`, "template string"},
		{`f"{f('«A»')=}"`, "field with ="},
		{`f"{x:>«A:secretspec»}"`, "format specification"},
		{`f"{«A:secretname»}"`, "in the code itself"},
		{`f"{f('k «A»')}"`, "before Python 3.12"},
		{`f'''{f"{g('k «A»')}"}'''`, "before Python 3.12"},
		{`f"k «A:{x}»"`, "holds a replacement field"},
		{`x = "«A:\N{BULLET}»"`, "not supported"},
		{`x = "«A:\ud83d»"`, "surrogate"},
		{`x = "\«A:n-secret»"`, "escape sequence in two"},
		{`x = "\x4«A:1-secret»"`, "escape sequence in two"},
		{`x = "«A»-«+A»"`, "do not follow one another"},
		{`x = "«A»", "«+A»"`, "not in adjacent strings"},
		{`x = "«A»" + "«+A»"`, "not in adjacent strings"},
		{`x = "«A:one" "two»"`, "not within one string"},
		{`x = "one«A:t"»`, "over the quotes"},
		{`x = «A:12345678»`, "in the code itself"},
		{`x = «A:1 + "two"»`, "not within one"},
		{"# «A»\n# «+A»", "several comments"},
		{"«A:#secret»", "the sign that makes"},
		{`x = b"«A»" "text"`, "bytes and of text"},
		{"x = '«A»\n", "line 1, column 5: the string is not closed"},
		{"nbseal = 1\nx = '«A»'", "uses the name nbseal"},
		{"def f(nbseal):\n  return '«A»'", "uses the name nbseal"},
		{"import secrets as nbseal\nx = '«A»'", "uses the name nbseal"},
		{"from x import y, nbseal\nx = '«A»'", "uses the name nbseal"},
		{"import y.nbseal as nbseal\nx = '«A»'", "uses the name nbseal"},
		{"for nbseal in y: x = '«A»'", "uses the name nbseal"},
		{"f'{(nbseal := 2)}'; x = '«A»'", "uses the name nbseal"},
		{"del nbseal; %env\nx = '«A»'", "uses the name nbseal"},
		{"nbseal = 1\n%env A=«A»", "uses the name nbseal"},
		{"x = '«A»'; y = '«A:other-text»'", "stands for another value"},
		{"!curl -u me:«A» http://h", "every user of the host"},
		{"x = !curl \\\n «A»", "every user of the host"},
		{"%sx curl «A»", "every user of the host"},
		{"%login «A»", "arguments of %login"},
		{"x = %sql postgres://u:«A»@h/", "arguments of %sql"},
		{"x = %env A=«A»", "gives the variable's value away"},
		{"%time f('«A»')", "%%time"},
		{"%%time f('«A»')\n1", "arguments of %%time"},
		{"%%bash\ncurl '«A»", "script for another program"},
		{"%%writefile x\n«A»", "writes to a file"},
		{"%%python\nx = '«A»'", "another process"},
		{"%%sql\n«A»", "body of %%sql"},
		{"%env A=$«A»", "expands"},
		{"%env A={x}«A»", "expands"},
		{"%env A=u:«A»@h", "only a part"},
		{"%env A B=«A»", "sets no variable"},
		{"%env «A»", "sets no variable"},
		{"%env A-B=«A»", "cannot stand in a line of Python"},
		{"%env class=«A»", "cannot stand in a line of Python"},
		{"%env A=«A» \\\nx", "backslash"},
		{"/f «A»", "IPython's own syntax"},
		{"f('«A»')?", "IPython's own syntax"},
	}
	for _, test := range tests {
		c := parseCell(test.src)
		res := pysource.Rewrite(c.src, c.creds)
		found := false
		for i, o := range res.Outcomes {
			if o.Reason == "" {
				continue
			}
			found = found || strings.Contains(o.Reason, test.reason)
			if len(o.Edits) > 0 || o.Value.Len() > 0 || o.Calls {
				t.Errorf("%s: refused, yet with edits or a value", test.src)
			}
			for _, r := range c.creds[i].Ranges {
				if text := c.src[r.Start:r.End]; len(text) > 6 && strings.Contains(o.Reason, text) {
					t.Errorf("%s: the reason quotes the credential", test.src)
				}
			}
		}
		if !found {
			t.Errorf("%s: %+v, want a reason with %q", test.src, res.Outcomes, test.reason)
		}
	}
}

// TestRewriteBadInput checks credentials that do not fit the cell.
func TestRewriteBadInput(t *testing.T) {
	ok := []pysource.Range{{Start: 5, End: 8}}
	for _, c := range []pysource.Cred{
		{Name: "A"},
		{Name: "A", Ranges: []pysource.Range{{Start: 5, End: 5}}},
		{Name: "A", Ranges: []pysource.Range{{Start: -1, End: 5}}},
		{Name: "A", Ranges: []pysource.Range{{Start: 5, End: 50}}},
		{Name: "A", Ranges: []pysource.Range{{Start: 6, End: 8}, {Start: 5, End: 6}}},
		{Name: "", Ranges: ok}, {Name: `a"b`, Ranges: ok}, {Name: "a b", Ranges: ok}, {Name: "é", Ranges: ok},
		{Name: strings.Repeat("a", 201), Ranges: ok},
	} {
		if o := pysource.Rewrite(`x = "abc"`, []pysource.Cred{c}).Outcomes[0]; o.Reason == "" || o.Edits != nil {
			t.Errorf("%+v: %+v", c, o)
		}
	}
	res := pysource.Rewrite(`x = "abcdef"`, []pysource.Cred{{Name: "A", Ranges: []pysource.Range{{Start: 5, End: 9}}}, {Name: "B", Ranges: []pysource.Range{{Start: 7, End: 11}}}})
	if res.Outcomes[0].Reason != "" || !strings.Contains(res.Outcomes[1].Reason, "overlaps") {
		t.Errorf("overlap: %+v", res.Outcomes)
	}
}

// TestRewriteMagics checks cells whose syntax is IPython's.
func TestRewriteMagics(t *testing.T) {
	tests := []struct{ src, want, value string }{
		{"%env A=«A:v»", `nbseal.env("A")`, "v"},
		{"%env A=«A:v w»  \nx = 1", "nbseal.env(\"A\")  \nx = 1", "v w"},
		{"%env  A = «A:v»", `nbseal.env("A")`, "v"},
		{"%env A  «A:v»", `nbseal.env("A")`, "v"},
		{"%set_env X «A:v»\r\n", "nbseal.env(X=\"A\")\r\n", "v"},
		{"if x:\n\t%set_env X='«A:v=»'\n", "if x:\n\tnbseal.env(X=\"A\")\n", "'v='"},
		{"%env X=«db/pass-word:v»", `nbseal.env(X="db/pass-word")`, "v"},
		{"%%time\n%env A=«A:v»", "%%time\nnbseal.env(\"A\")", "v"},
		{"!ls 'x\n%cd it's\nx = %sql select 'a\nx = '«A:v»'", "!ls 'x\n%cd it's\nx = %sql select 'a\nx = nbseal.get(\"A\")", "v"},
		{"\n  %%capture out\n\n%%time\nx = '«A:v»'", "\n  %%capture out\n\n%%time\nx = nbseal.get(\"A\")", "v"},
	}
	for _, test := range tests {
		c := parseCell(test.src)
		res := pysource.Rewrite(c.src, c.creds)
		o := res.Outcomes[0]
		if got := apply(t, c.src, res); got != test.want || string(o.Value.Reveal()) != test.value || !o.Calls {
			t.Errorf("%q: got %q, reason %q, want %q", test.src, got, o.Reason, test.want)
		}
	}
}
