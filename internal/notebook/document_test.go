package notebook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/notebook"
)

// document reads src, and keeps the units' text.
func document(src []byte, visit func(u *notebook.Unit)) bool {
	return new(notebook.Scratch).Document(src, func(u *notebook.Unit) bool { visit(u); return true })
}

func TestDocument(t *testing.T) {
	for _, test := range []struct {
		src  string
		want []string // name and text of each unit; nil: not ok
	}{
		{`{"a": 1, "b": "x"}`, nil}, // reads as plain text does
		{`["\n"`, nil},
		{`"a\nb"`, nil},
		{"{}\n[\"\\n\"] text", nil},
		{`{"code": "x = \"1\"\ny", "user": "bob", "pw": "p"}`, []string{"code: x = \"1\"\ny", `: {"code": "", "user": "bob", "pw": "p"}`}},
		{"\xef\xbb\xbf[\"\\t\"]\n", []string{": \t", ": [\"\"]\n"}},
		{`{"deep": {"urls": ["a\/b", "c"]}}`, []string{"urls: a/b", `: {"deep": {"urls": ["", "c"]}}`}},
		{`{"name": "PW", "value": "a\\b"}`, []string{`PW: a\b`, `: {"name": "PW", "value": ""}`}},
		{"{\"a\": \"\\u0041\"}\n{\"b\": \"\\\"\"}\n", []string{"a: A", `b: "`, ": {\"a\": \"\"}\n{\"b\": \"\"}\n"}},
		{`{"private_key": "-----BEGIN X-----\nA", "x": "\n"}`, []string{"x: \n", `: {"private_key": "-----BEGIN X-----\nA", "x": ""}`}},
	} {
		var got []string
		ok := document([]byte(test.src), func(u *notebook.Unit) { got = append(got, u.Name+": "+string(u.Text)) })
		if ok != (test.want != nil) || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.src, got, test.want)
		}
	}
}

// isDocument is an independent answer to what Document reads.
func isDocument(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	d := json.NewDecoder(bytes.NewReader(src))
	for n := 0; ; n++ {
		var v json.RawMessage
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return n > 0 && bytes.IndexByte(src, '\\') >= 0
		case err != nil || v[0] != '{' && v[0] != '[':
			return false
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, src := range []string{
		`{"a": "x\ny", "b\"": ["\u00e9\ud83d\ude00", "", "é"], "c": {"d": "\\"}}`, "{\"a\":\"\\/\"}\n\n[\"\\t\"]\r\n", "\xef\xbb\xbf[\"\\u001b[1mé\"]",
		`{"k": "-----BEGIN X-----\n", "sixteen bytes long\n": 1}`, "[\"\x1b[0m\\n\"]",
	} {
		f.Add([]byte(src), uint16(1), uint16(3))
	}
	f.Fuzz(func(t *testing.T, src []byte, from, length uint16) {
		held := make([]int, len(src))
		ok := document(src, func(u *notebook.Unit) {
			if u.Place != nil {
				t.Error("a unit has a place")
			}
			for _, s := range u.Spans(0, len(u.Text)) {
				for i := s.Start; i < s.End; i++ {
					held[i]++
				}
			}
			start := min(int(from), len(u.Text))
			end := min(start+int(length), len(u.Text))
			checkSpan(t, src, u, start, end)
		})
		if want := isDocument(src); ok != want {
			t.Fatalf("read: %v, want %v", ok, want)
		}
		if !ok || bytes.Contains(src, []byte("\x1b")) || bytes.Contains(bytes.ToLower(src), []byte(`\u001b`)) {
			return
		}
		for i, n := range held[len(src)-len(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))):] {
			if n != 1 {
				t.Fatalf("byte %d of the text is in %d units", i, n)
			}
		}
	})
}

// checkSpan: the bytes at the place that a range of text has, decoded, are that
// text, and its line and column are those of the file.
func checkSpan(t *testing.T, src []byte, u *notebook.Unit, start, end int) {
	t.Helper()
	if start == end || !utf8.Valid(src) || !boundary(string(u.Text), start) || !boundary(string(u.Text), end) {
		return // columns count code points
	}
	spans := u.Spans(start, end)
	var raw []byte
	for _, s := range spans {
		raw = append(raw, src[s.Start:s.End]...)
	}
	text := string(u.Text[start:end])
	var back string
	if string(raw) != text && json.Unmarshal([]byte(`"`+string(raw)+`"`), &back) == nil &&
		!strings.ContainsAny(back, "\x1b\ufffd") && back != text {
		t.Errorf("bytes of %q decode to %q", text, back)
	}
	loc := u.Locate(start, end)
	before := src[:loc.Offset]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	column := utf8.RuneCount(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))) + 1
	if loc.Offset != spans[0].Start || loc.Offset+loc.Length != spans[len(spans)-1].End || loc.Line != 1+bytes.Count(before, []byte("\n")) || loc.FileLine != loc.Line ||
		loc.Column != column || loc.FileColumn != len(line)+1 || loc.EndLine < loc.Line || loc.EndLine == loc.Line && loc.EndColumn <= loc.Column {
		t.Errorf("%q is at %+v", text, loc)
	}
}

// TestDocumentWork is TestWork for files that are JSON and no notebook.
func TestDocumentWork(t *testing.T) {
	for name, form := range map[string]func(n int) string{
		"one line": func(n int) string { return "[" + strings.Repeat(`"\n",`, n/5) + `"\n"]` },
		"lines":    func(n int) string { return strings.Repeat("{\"a\":\"\\n\"}\n", n/11) },
		"nested arrays": func(n int) string {
			d := min(n/2, 9000)
			return strings.Repeat("[", d) + `"\n"` + strings.Repeat("]", d)
		},
		"nested objects": func(n int) string {
			d := min(n/6, 9000)
			return strings.Repeat(`{"a":`, d) + `"\n"` + strings.Repeat("}", d)
		},
		"one string": func(n int) string { return `["` + strings.Repeat(`\n`, n/2) + `"]` },
		"a long key": func(n int) string {
			return `{"` + strings.Repeat("k", n/2) + `":["\n"` + strings.Repeat(`,"\n"`, n/10) + "]}"
		},
	} {
		t.Run(name, func(t *testing.T) {
			work := func(n int) (count, allocated int) {
				src := []byte(form(n))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if !document(src, func(u *notebook.Unit) { count += len(u.Text) + len(u.Name) }) {
					t.Fatal("it is not read")
				}
				runtime.ReadMemStats(&after)
				return count, int(after.TotalAlloc - before.TotalAlloc)
			}
			one, _ := work(1 << 14)
			eight, allocated := work(1 << 17)
			if eight > 10*one || eight > 60<<17 {
				t.Errorf("%d bytes of text and names, %d for eight times the file", one, eight)
			}
			if allocated > 128<<17 {
				t.Errorf("%d bytes allocated", allocated)
			}
		})
	}
}
