package clean_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/scan"
)

// notebookOf makes a notebook of cells with code, tables and an image, of some
// 200 kB for 40 cells.
func notebookOf(cells int) []byte {
	var b bytes.Buffer
	b.WriteString("{\n \"cells\": [\n")
	for i := range cells {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  {\n   \"cell_type\": \"code\",\n   \"execution_count\": %d,\n   \"id\": \"c%d\",\n   \"metadata\": {},\n   \"outputs\": [\n", i+1, i)
		fmt.Fprintf(&b, "    {\n     \"data\": {\n      \"image/png\": \"%s\",\n      \"text/plain\": [\n", strings.Repeat("iVBORw0KGgoAAAANSUhEUg", 90))
		for k := range 30 {
			fmt.Fprintf(&b, "       \"%d  2024-07-%02d  Lisboa   %d.25\\n\",\n", k, k%28+1, 1000+k*i)
		}
		b.WriteString("       \"end\"\n      ]\n     },\n     \"metadata\": {},\n     \"output_type\": \"display_data\"\n    }\n   ],\n   \"source\": [\n")
		for k := range 20 {
			fmt.Fprintf(&b, "    \"frame_%d = load(path, columns=['a', 'b'], limit=%d)\\n\",\n", k, k)
		}
		b.WriteString("    \"frame_1.head()\"\n   ]\n  }")
	}
	b.WriteString("\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n")
	return b.Bytes()
}

func BenchmarkClean(b *testing.B) {
	src := notebookOf(40)
	leaky := bytes.Replace(src, []byte(`"end"`), []byte(`"`+token(1)+`"`), 1)
	for _, bench := range []struct {
		name     string
		src      []byte
		settings clean.Settings
	}{
		{"nothing to do", src, clean.Settings{}},
		{"redact", leaky, clean.Settings{}},
		{"strip", src, set(b, "like", "nbstripout")},
		{"stripped", strippedOf(b, src), set(b, "like", "nbstripout")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := with(bench.settings)
			b.SetBytes(int64(len(bench.src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Clean("a.ipynb", bench.src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("scan alone", func(b *testing.B) {
		blobs := scan.NewBlobs(scan.Options{})
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			blobs.Read("a.ipynb", src, nil)
		}
	})
	b.Run("textconv", func(b *testing.B) {
		c := clean.New(clean.Options{})
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			if _, err := c.Text("a.ipynb", src); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func strippedOf(tb testing.TB, src []byte) []byte {
	res, err := with(set(tb, "like", "nbstripout")).Clean("a.ipynb", src)
	if err != nil {
		tb.Fatal(err)
	}
	return res.Bytes
}
