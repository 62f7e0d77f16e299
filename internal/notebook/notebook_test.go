package notebook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/edit"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

func parse(t *testing.T, src string) (*notebook.Notebook, []*notebook.Unit) {
	t.Helper()
	nb, err := notebook.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var units []*notebook.Unit
	nb.Units(func(u *notebook.Unit) bool { units = append(units, u); return true })
	return nb, units
}

// describe writes a unit on one line.
func describe(u *notebook.Unit) string {
	p := u.Place
	s := fmt.Sprintf("%d %s", p.Cell, p.Where)
	if p.Output > 0 {
		s += fmt.Sprintf(" %d", p.Output)
	}
	for _, x := range []string{p.MIME, p.Key, u.Language} {
		if x != "" {
			s += " " + x
		}
	}
	return s + fmt.Sprintf(" %q", u.Text)
}

func TestUnits(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"version 4", `{"cells":[
{"cell_type":"code","id":"a1","execution_count":1,"metadata":{"tags":["x"],"conn":{"password":"pw"}},
 "source":["a = 1\n","b = \"\u00e9\""],
 "outputs":[
  {"output_type":"stream","name":"stdout","text":["one\n","tw"]},
  {"output_type":"stream","name":"stdout","text":"o\n"},
  {"output_type":"stream","name":"stderr","text":"err"},
  {"output_type":"display_data","metadata":{"k":"v"},"data":{"image/png":"iVBORw0KGgo=\n","image/svg+xml":["<svg>","</svg>"],
    "text/html":"<b>a &amp; b&quot;</b>\u0026quot;\u0026 \u0026#39;&","application/json":{"x":[{"y":"z"}]},"text/plain":["p"]}},
  {"output_type":"error","ename":"E","evalue":"v","traceback":["\u001b[0;31mred\u001b[0m","two"]}]},
{"cell_type":"markdown","source":"# t","metadata":{},"attachments":{"f.txt":{"text/plain":"aGVsbG8="},"i.png":{"image/png":"iVBORw0KGgo="},"c.json":{"application/json":{"a":[{"api_key":"k"}]}}}},
{"cell_type":"raw","source":[],"metadata":{}}],
"metadata":{"kernelspec":{"language":"R","name":"ir"},"papermill":{"parameters":{"db_password":"x"}}},"nbformat":4,"nbformat_minor":5}`, `
1 source r "a = 1\nb = \"é\""
1 metadata tags.0 "x"
1 metadata conn.password "pw"
1 output 1 stream/stdout "one\ntwo\n"
1 output 3 stream/stderr "err"
1 output 4 image/svg+xml "<svg></svg>"
1 output 4 text/html "<b>a & b\"</b>\"& '&"
1 output 4 application/json x.0.y "z"
1 output 4 text/plain "p"
1 output 4 metadata metadata.k "v"
1 output 5 error/ename "E"
1 output 5 error/evalue "v"
1 output 5 error/traceback "red\ntwo"
2 source markdown "# t"
2 attachment text/plain f.txt.text/plain "hello"
2 attachment c.json.application/json "application/json"
2 attachment application/json c.json.application/json.a.0.api_key "k"
3 source ""
0 metadata kernelspec.language "R"
0 metadata kernelspec.name "ir"
0 metadata papermill.parameters.db_password "x"`},
		{"version 3", `{"metadata":{"name":"n"},"nbformat":3,"worksheets":[{"cells":[
{"cell_type":"heading","level":1,"source":["H"]},
{"cell_type":"code","language":"python","input":["x=1"],"outputs":[
 {"output_type":"stream","stream":"stdout","text":["hi"]},
 {"output_type":"pyout","prompt_number":1,"text":["4"],"html":["<p>"],"png":"aGk="},
 {"output_type":"pyerr","ename":"E","evalue":"v","traceback":["t"]}]}],"metadata":{}}]}`, `
1 source markdown "H"
2 source python "x=1"
2 output 1 stream/stdout "hi"
2 output 2 text/plain "4"
2 output 2 text/html "<p>"
2 output 3 error/ename "E"
2 output 3 error/evalue "v"
2 output 3 error/traceback "t"
0 metadata name "n"`},
		{"magic and odd shapes", `{"cells":[{"cell_type":"code","source":"%%bash\nexport A=1"},
{"cell_type":"code","source":{"no":"string"},"outputs":"none"},"what",
{"cell_type":"code","source":"","outputs":[{"output_type":"display_data","data":{"image/png":"not base64!"}},
 {"output_type":"stream","text":5},{"output_type":"stream","text":["a",{"b":"c"}]}]}]}`, `
1 source shell "%%bash\nexport A=1"
2 metadata source.no "string"
2 metadata outputs "none"
3 metadata cell "what"
4 source python ""
4 output 1 image/png "not base64!"
4 output 2 stream/ ""
4 output 3 text/plain 0 "a"
4 output 3 text/plain 1.b "c"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, units := parse(t, test.src)
			var got strings.Builder
			for _, u := range units {
				got.WriteString("\n" + describe(u))
			}
			if got.String() != test.want {
				t.Errorf("got %s\nwant %s", got.String(), test.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for src, want := range map[string]string{
		"":                              "line 1, column 1: not valid JSON: the file is empty",
		"\xef\xbb\xbf \n":               "line 2, column 1: not valid JSON: the file is empty",
		"{":                             "line 1, column 2: not valid JSON: the file ends in the middle of it",
		"{\"cells\": [\n<<<<<<< HEAD\n": "line 2, column 1: not valid JSON: a value was expected",
		`{"cells":["a\x"]}`:             `line 1, column 13: not valid JSON: an escape sequence that JSON does not have`,
		"{\"cells\":[\"a\nb\"]}":        `line 1, column 13: not valid JSON: a control character in a string`,
		`{"cells":[]} x`:                "line 1, column 14: not valid JSON: something follows the end of the value",
	} {
		_, err := notebook.Parse([]byte(src))
		var syntax *notebook.SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
	for _, src := range []string{"1", "[]", `{}`, `{"cells":{}}`, `null`} {
		if _, err := notebook.Parse([]byte(src)); !errors.Is(err, notebook.ErrNotNotebook) {
			t.Errorf("%q: got %v, want ErrNotNotebook", src, err)
		}
	}
}

func TestDeepNesting(t *testing.T) {
	for depth, ok := range map[int]bool{9000: true, 10001: false, 2000000: false} {
		src := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		if err := notebook.Valid([]byte(src)); (err == nil) != ok || ok != json.Valid([]byte(src)) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
	deep := `{"metadata":` + strings.Repeat(`{"a":`, 9000) + `"x"` + strings.Repeat("}", 9000) + `,"cells":[]}`
	if _, units := parse(t, deep); len(units) != 1 || string(units[0].Text) != "x" {
		t.Errorf("got %d units", len(units))
	}
}

func TestLocate(t *testing.T) {
	src := "\xef\xbb\xbf{\"cells\":[\r\n{\"cell_type\":\"code\",\"id\":\"c\",\"source\":[\"é = 1\\n\",\r\n\"key = 'KEY\\u0041-1'\\n\"],\"outputs\":[\r\n" +
		`{"output_type":"stream","name":"stdout","text":["one\n"]},{"output_type":"stream","name":"stdout","text":["x\nKEY"]},` +
		`{"output_type":"error","traceback":["\u001b[31mK\u001b[0mEY"]}]}]}`
	_, units := parse(t, src)
	find := func(n int, text string) finding.Location {
		at := bytes.Index(units[n].Text, []byte(text))
		if at < 0 {
			t.Fatalf("%q is not in %q", text, units[n].Text)
		}
		return units[n].Locate(at, at+len(text))
	}
	check := func(got finding.Location, line, col, endCol, fileLine int, raw string) {
		t.Helper()
		if got.Line != line || got.Column != col || got.EndLine != line || got.EndColumn != endCol || got.FileLine != fileLine {
			t.Errorf("got %+v", got)
		}
		if s := src[got.Offset : got.Offset+got.Length]; s != raw {
			t.Errorf("bytes are %q, want %q", s, raw)
		}
		if want := strings.LastIndexByte(src[:got.Offset], '\n'); got.FileColumn != got.Offset-want {
			t.Errorf("file column %d, want %d", got.FileColumn, got.Offset-want)
		}
	}
	check(find(0, "KEYA-1"), 2, 8, 14, 3, `KEY\u0041-1`)
	check(find(0, "= 1"), 1, 3, 6, 2, "= 1")
	check(find(1, "KEY"), 2, 1, 4, 4, "KEY")
	if p := find(1, "KEY").Place; p.Output != 2 || p.CellID != "c" {
		t.Errorf("place %+v", p)
	}
	check(find(2, "KEY"), 1, 1, 4, 4, `K\u001b[0mEY`)
}

func TestPlainText(t *testing.T) {
	u := notebook.PlainText([]byte("\xef\xbb\xbfone\ntwo KEY"))
	loc := u.Locate(8, 11)
	if string(u.Text) != "one\ntwo KEY" || loc.Line != 2 || loc.Column != 5 || loc.FileColumn != 5 || loc.Offset != 11 || loc.Place != nil {
		t.Errorf("%q %+v", u.Text, loc)
	}
}

func TestPlainTextWithANSICodes(t *testing.T) {
	src := "\x1b[32mINFO\x1b[0m\nkey \x1b[33mKEY\x1b[0m \x1b end"
	u := notebook.PlainText([]byte(src))
	if want := "INFO\nkey KEY \x1b end"; string(u.Text) != want {
		t.Fatalf("text %q, want %q", u.Text, want)
	}
	loc := u.Locate(9, 12)
	if loc.Line != 2 || loc.Column != 5 || src[loc.Offset:loc.Offset+loc.Length] != "KEY" || loc.FileColumn != 10 {
		t.Errorf("got %+v", loc)
	}
}

func TestSalvage(t *testing.T) {
	src := "{\"cells\": [{\n<<<<<<< HEAD mine\n \"source\": [\n\"a = \\\"x\\\"\\n\",\n\"b\"],\n\"password\": \"pw\",\n\"cut off"
	var got []string
	notebook.Salvage([]byte(src), func(u *notebook.Unit) bool {
		got = append(got, fmt.Sprintf("%s:%q", u.Name, u.Text))
		return true
	})
	want := []string{`:"cells"`, `:": [{\n<<<<<<< HEAD mine\n "`, `:"source"`, `:"a = \"x\"\nb"`, `:"password"`, `password:"pw"`, `:"cut off"`}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g == w
		}
		if !found {
			t.Errorf("%s is missing in %q", w, got)
		}
	}
}

func TestRewrite(t *testing.T) {
	const head = `{"cells":[{"cell_type":"code","source":`
	for _, test := range []struct {
		name, source, from, with, want string
	}{
		{"inside a line", `["a = 'KEY'\n", "\u00e9"]`, "'KEY'", `get("K")`, `["a = get(\"K\")\n", "\u00e9"]`},
		{"lines become one", "[\n  \"a = '''KEY\\n\",\n  \"more\\n\",\n  \"end'''\\n\",\n  \"b\"\n]", "'''KEY\nmore\nend'''", "X", "[\n  \"a = X\\n\",\n  \"b\"\n]"},
		{"one becomes two", "[\n  \"a\\n\",\n  \"b\"\n]", "", "import x\n", "[\n  \"import x\\n\",\n  \"a\\n\",\n  \"b\"\n]"},
		{"a lone line becomes two", "[\n    \"a\"\n   ]", "", "import x\n", "[\n    \"import x\\n\",\n    \"a\"\n   ]"},
		{"a string stays a string", `"a\nKEY"`, "KEY", "\"\n", `"a\n\"\n"`},
		{"CRLF inside", `["a KEY\r\n","b"]`, "KEY", "X", `["a X\r\n","b"]`},
		{"whole", `["KEY\n","b"]`, "KEY\nb", "", `[""]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := []byte(head + test.source + "}]}")
			_, units := parse(t, string(src))
			at := bytes.Index(units[0].Text, []byte(test.from))
			buf := edit.New(src)
			if err := units[0].Rewrite(buf, []notebook.Change{{Start: at, End: at + len(test.from), With: test.with}}); err != nil {
				t.Fatal(err)
			}
			got, err := buf.Bytes()
			if want := head + test.want + "}]}"; err != nil || string(got) != want {
				t.Errorf("got  %s\nwant %s (%v)", got, want, err)
			}
		})
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,false,null,"\u00e9\n\ud83d\ude00"]}`, `"\x"`, `[1,]`, `{"a"}`, `01`, `1.`, "\"\x01\"", "\xff", "nul", `"\u12`, `-`, "[[[[",
		`{"cells":[{"source":["a", "b", , "c"]}]}`, `{"cells":[{"source":["a", "b", ]}]}`, `{"cells":[{"source":["a", "b", `, `{"cells":[{"source":["a",1, 2,[], "b"]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
			t.Skip()
		}
		if got, want := notebook.Valid(src) == nil, json.Valid(src); got != want {
			t.Errorf("valid: %v, encoding/json says %v", got, want)
		}
		_, err := notebook.Parse(src)
		if err == nil && !json.Valid(src) {
			t.Error("parsed what is not JSON")
		}
		if err != nil && json.Valid(src) && !errors.Is(err, notebook.ErrNotNotebook) {
			t.Errorf("refused valid JSON: %v", err)
		}
		notebook.Salvage(src, func(u *notebook.Unit) bool {
			u.Locate(0, len(u.Text))
			return true
		})
	})
}

// FuzzUnits compares text and positions with those of encoding/json.
func FuzzUnits(f *testing.F) {
	f.Add([]byte(`["a\n","b\u00e9\ud83d\ude00\ud83d","\\x"]`), uint16(1), uint16(5))
	f.Add([]byte(`"one line\r\n"`), uint16(0), uint16(3))
	f.Add([]byte("[\"a\", \"b\",  \"c\", \"d\" , \"e\",\n\"f\",\n \"g\",\n \"h\"]"), uint16(3), uint16(9))
	f.Add([]byte(`"\u001b[1;31mred\u001b[0m \u001b]8;;http://x"`), uint16(2), uint16(3))
	f.Fuzz(func(t *testing.T, source []byte, from, length uint16) {
		want, ok := decodeSource(source)
		if !ok {
			t.Skip()
		}
		src := append(append([]byte(`{"cells":[{"cell_type":"raw","source":`), source...), `}]}`...)
		nb, err := notebook.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		nb.Units(func(u *notebook.Unit) bool {
			if u.Place.Where != finding.Source {
				return true
			}
			if !strings.Contains(want, "\x1b") && string(u.Text) != want {
				t.Errorf("text %q, want %q", u.Text, want)
			}
			start := min(int(from), len(u.Text))
			end := min(start+int(length), len(u.Text))
			var raw []byte
			for _, s := range u.Spans(start, end) {
				raw = append(raw, src[s.Start:s.End]...)
			}
			var back string
			if json.Unmarshal([]byte(`"`+string(raw)+`"`), &back) == nil && !strings.Contains(want, "\x1b") &&
				!strings.Contains(back, "�") && boundary(want, start) && boundary(want, end) && back != want[start:end] {
				t.Errorf("bytes of %q decode to %q", want[start:end], back)
			}
			loc := u.Locate(start, end)
			if line := 1 + strings.Count(string(u.Text[:start]), "\n"); loc.Line != line {
				t.Errorf("line %d, want %d", loc.Line, line)
			}
			return true
		})
	})
}

func boundary(s string, i int) bool { return i == len(s) || s[i]&0xc0 != 0x80 }

// decodeSource is an independent reading of a source.
func decodeSource(source []byte) (string, bool) {
	var lines []string
	if json.Unmarshal(source, &lines) == nil && bytes.HasPrefix(bytes.TrimSpace(source), []byte("[")) && !bytes.Contains(source, []byte("null")) {
		return strings.Join(lines, ""), strings.ToValidUTF8(string(source), "") == string(source)
	}
	var text string
	if json.Unmarshal(source, &text) == nil && bytes.HasPrefix(bytes.TrimSpace(source), []byte(`"`)) {
		return text, strings.ToValidUTF8(string(source), "") == string(source)
	}
	return "", false
}

// FuzzRewrite: the text becomes what was asked for, every other byte stays.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte(`["a\n","b\u00e9\n","\\x"]`), uint16(1), uint16(5), "new\nline")
	f.Add([]byte(`["a\n"  , "b\u00e9\n"]`), uint16(2), uint16(0), "import x\n")
	f.Add([]byte(`"one"`), uint16(0), uint16(3), `"\`)
	f.Fuzz(func(t *testing.T, source []byte, from, length uint16, with string) {
		want, ok := decodeSource(source)
		if !ok || strings.ContainsAny(want, "\x1b�") || strings.ToValidUTF8(with, "") != with {
			t.Skip()
		}
		head, tail := []byte(`{"cells":[{"cell_type":"raw","source":`), []byte(`,"metadata":{"a":"b"}}]}`)
		src := bytes.Join([][]byte{head, source, tail}, nil)
		nb, err := notebook.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		nb.Units(func(u *notebook.Unit) bool {
			start := min(int(from), len(u.Text))
			end := min(start+int(length), len(u.Text))
			if len(want) == 0 || !boundary(want, start) || !boundary(want, end) {
				return false
			}
			buf := edit.New(src)
			if err := u.Rewrite(buf, []notebook.Change{{Start: start, End: end, With: with}}); err != nil {
				t.Fatal(err)
			}
			out, err := buf.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(out, head) || !bytes.HasSuffix(out, tail) {
				t.Fatalf("other bytes changed: %s", out)
			}
			got, ok := decodeSource(out[len(head) : len(out)-len(tail)])
			if expect := want[:start] + with + want[end:]; !ok || got != expect {
				t.Errorf("text is %q, want %q", got, expect)
			}
			return false
		})
	})
}
