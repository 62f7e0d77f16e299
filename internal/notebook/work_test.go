package notebook_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/notebook"
)

// TestWork: what a notebook that is made to be slow is turned into grows with
// its size and no faster. Bytes of text and of allocation are counted, not time.
func TestWork(t *testing.T) {
	cell := func(member string) string { return `{"cells":[{"cell_type":"code",` + member + `}]}` }
	output := func(data string) string {
		return cell(`"source":"","outputs":[{"output_type":"display_data","data":{` + data + `}}]`)
	}
	for name, form := range map[string]func(n int) string{
		"nested arrays": func(n int) string {
			d := min(n, 4000)
			return cell(`"metadata":` + strings.Repeat("[", d) + strings.Repeat("]", d))
		},
		"nested objects": func(n int) string {
			d := min(n/6, 4000)
			return cell(`"metadata":` + strings.Repeat(`{"a":`, d) + `"x"` + strings.Repeat("}", d))
		},
		"long keys":     func(n int) string { return cell(`"metadata":{"` + strings.Repeat("k", n) + `":["a","b"]}`) },
		"many strings":  func(n int) string { return cell(`"metadata":[` + strings.Repeat(`"ab",`, n/5) + `""]`) },
		"many lines":    func(n int) string { return cell(`"source":[` + strings.Repeat(`"",`, n/3) + `""]`) },
		"one line":      func(n int) string { return cell(`"source":"` + strings.Repeat("password=", n/9) + `"`) },
		"quotes":        func(n int) string { return cell(`"source":"` + strings.Repeat(`\"`, n/2) + `"`) },
		"entities":      func(n int) string { return output(`"text/html":"` + strings.Repeat("&amp;", n/5) + `"`) },
		"ampersands":    func(n int) string { return output(`"text/html":"` + strings.Repeat("&", n) + `"`) },
		"escapes":       func(n int) string { return output(`"text/plain":"` + strings.Repeat(`\u001b[`, n/7) + `"`) },
		"nearly base64": func(n int) string { return output(`"image/png":"` + strings.Repeat("A", n) + ` "`) },
		"padding":       func(n int) string { return output(`"image/png":"` + strings.Repeat("=", n) + ` "`) },
	} {
		t.Run(name, func(t *testing.T) {
			one, eight := work(t, form(1<<13)), work(t, form(1<<16))
			if eight > 10*one+1<<12 { // indices in paths get longer
				t.Errorf("%d bytes of text, and %d for eight times the notebook", one, eight)
			}
			src := []byte(form(1 << 18))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			read(t, src)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			if most := uint64(128 * len(src)); allocated > most {
				t.Errorf("%d bytes allocated for a notebook of %d", allocated, len(src))
			}
		})
	}
}

// work is the number of bytes in all texts, names and paths of a notebook.
func work(t *testing.T, src string) int {
	t.Helper()
	return read(t, []byte(src))
}

func read(t *testing.T, src []byte) int {
	t.Helper()
	var s notebook.Scratch
	nb, err := s.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	nb.Each(&s, func(u *notebook.Unit) bool {
		n += len(u.Text) + len(u.Name)
		if u.Place != nil {
			n += len(u.Place.Key)
		}
		return true
	})
	return n
}

// TestScratch: units and positions do not depend on what was read before in the
// same memory.
func TestScratch(t *testing.T) {
	var s notebook.Scratch
	dump := func(nb *notebook.Notebook, each func(func(*notebook.Unit) bool)) string {
		var b bytes.Buffer
		each(func(u *notebook.Unit) bool {
			fmt.Fprintf(&b, "%+v %q %q %q %+v\n", *u.Place, u.Text, u.Name, u.Language, *u.Locate(0, len(u.Text)).Place)
			return true
		})
		fmt.Fprintln(&b, nb.Cells, nb.Language)
		return b.String()
	}
	for _, src := range []string{
		`{"cells":[{"cell_type":"code","id":"a","source":["x\n","y"],"outputs":[{"output_type":"stream","name":"stdout","text":["1\n","2"]},` +
			`{"output_type":"display_data","metadata":{"k":["v"]},"data":{"text/html":"&lt;","image/png":"QUJD"}}],"metadata":{"tags":["t"]}},{"source":"z"}],` +
			`"metadata":{"language_info":{"name":"R"}}}`,
		`{"cells":[{"cell_type":"markdown","source":"m","attachments":{"a.png":{"image/png":"QUJD ."}}},{"source":[]},{"outputs":[{}]}]}`,
		`{"cells":[`,
		`{"cells":[]}`,
		`{"cells":[{"source":["x"]},{"outputs":[{"text":"o"}]},{"metadata":{"a":{"b":[0,"c"]}}}]}`,
	} {
		want, errWant := notebook.Parse([]byte(src))
		got, err := s.Parse([]byte(src))
		if fmt.Sprint(err) != fmt.Sprint(errWant) {
			t.Fatalf("%v, want %v", err, errWant)
		}
		if err != nil {
			continue
		}
		g := dump(got, func(yield func(*notebook.Unit) bool) { got.Each(&s, yield) })
		if w := dump(want, want.Units); g != w {
			t.Errorf("%s\nwant\n%s", g, w)
		}
	}
}
