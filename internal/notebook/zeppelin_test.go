package notebook_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/notebook"
)

func TestZeppelin(t *testing.T) {
	src := `{"paragraphs": [
 {"text": "%md\n# T", "id": "p1", "config": {"editorMode": "ace/mode/markdown"}, "results": {"code": "SUCCESS", "msg": [{"type": "HTML", "data": "<b>&lt;</b>"}, {"type": "IMG", "data": "QUJD"}]}},
 {"text": "%spark.pyspark\nx = 1", "settings": {"params": {"token": "t"}}, "result": {"code": "SUCCESS", "type": "TEXT", "msg": "one\ntwo"}},
 {"text": "val x = 1"}, {"user": "u"}
], "name": "note", "id": "2A"}`
	nb, err := new(notebook.Scratch).ParseZeppelin([]byte(src))
	if err != nil || nb.Cells != 4 || !notebook.IsZeppelin([]byte(src)) {
		t.Fatal(nb, err)
	}
	var got []string
	nb.Units(func(u *notebook.Unit) bool { got = append(got, describe(u)); return true })
	want := `1 source markdown "%md\n# T"
1 metadata config.editorMode "ace/mode/markdown"
1 metadata code "SUCCESS"
1 output 1 text/html "<b><</b>"
2 source python "%spark.pyspark\nx = 1"
2 metadata settings.params.token "t"
2 metadata code "SUCCESS"
2 metadata type "TEXT"
2 output 1 text/plain "one\ntwo"
3 source scala "val x = 1"
4 metadata user "u"
0 metadata name "note"
0 metadata id "2A"`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	for _, src := range []string{`{}`, `[]`, `{"paragraphs":1}`, `{"paragraphs":[]} x`, `{"paragraphs":[{"text":"x]}`} {
		var bad *notebook.SyntaxError
		if _, err := new(notebook.Scratch).ParseZeppelin([]byte(src)); !errors.Is(err, notebook.ErrNotNotebook) && !errors.As(err, &bad) {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// FuzzZeppelin: exactly the JSON that has a list of paragraphs is read, and the
// bytes at a place, decoded, are the text that was asked for.
func FuzzZeppelin(f *testing.F) {
	f.Add([]byte(`{"paragraphs":[{"text":"%md \u00e9","results":{"msg":[{"type":"TEXT","data":"x\ny"},{"data":["a"]},1]}},2],"a":["b"]}`), uint16(1), uint16(3))
	f.Add([]byte(`{"paragraphs":[],"paragraphs":[{"result":{"msg":"a","msg":[]},"id":1,"text":["x"]}]}`), uint16(0), uint16(1))
	f.Fuzz(func(t *testing.T, src []byte, from, length uint16) {
		nb, err := new(notebook.Scratch).ParseZeppelin(src)
		if err != nil {
			return
		}
		if notebook.Valid(src) != nil || !notebook.IsZeppelin(src) && !strings.Contains(string(src), `\`) {
			t.Fatalf("%q is no note", src)
		}
		nb.Units(func(u *notebook.Unit) bool {
			start := min(int(from), len(u.Text))
			end := min(start+int(length), len(u.Text))
			loc := u.Locate(start, end)
			if loc.Place.Cell < 0 || loc.Place.Cell > nb.Cells || loc.Offset+loc.Length > len(src) {
				t.Fatalf("%+v of %d cells in %d bytes", loc, nb.Cells, len(src))
			}
			text := string(u.Text)
			var back string
			if raw := src[loc.Offset : loc.Offset+loc.Length]; start < end && loc.Place.MIME != "text/html" && boundary(text, start) && boundary(text, end) &&
				json.Unmarshal([]byte(`"`+string(raw)+`"`), &back) == nil && !strings.ContainsAny(back, "\x1b\ufffd") && back != text[start:end] {
				t.Errorf("bytes of %q decode to %q", text[start:end], back)
			}
			return true
		})
	})
}
