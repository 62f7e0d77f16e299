package notebook

import (
	"bytes"
	"testing"
)

// FuzzDecode: a text is the same whether a map of it is made or not, in every
// form that strings have.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`"a"`, `["a\n","b"]`, `["\u0026lt;\n","&lt;","<"]`, `"\u001b[1mx\u001b[0m\"\\"`, `["&","\u0026",""]`, `"aGVsbG8="`, `["",""]`, `[1,"a"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		src := bytes.ReplaceAll([]byte(`{"cells":[{"source":S,"attachments":{"a":{"text/plain":S}},"metadata":{"k":S},"outputs":[{"output_type":"stream","text":S},`+
			`{"output_type":"stream","text":S},{"output_type":"error","traceback":S},{"data":{"text/html":S,"image/png":S,"text/plain":S}}]}]}`), []byte("S"), s)
		nb, err := Parse(src)
		if err != nil {
			t.Skip()
		}
		nb.Units(func(u *Unit) bool {
			u.chart()
			d := decoder{src: src, mapping: true}
			u.decode(&d)
			if !bytes.Equal(d.out, u.Text) {
				t.Errorf("%+v: text %q, with a map %q", *u.Place, u.Text, d.out)
			}
			return true
		})
	})
}
