package document_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/document"
	"github.com/nbseal/nbseal/internal/provider/providertest"
)

func TestJSONConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	broken := providertest.BrokenFiles(t, h, manifest.SchemeJSON)
	for what, text := range map[string]string{
		"null":      `{"A": null, "b": "%s"}`,
		"trailing":  `{"A": "%s"} "%[1]s"`,
		"cut off":   `{"A": "%s`,
		"half pair": `{"A": "\ud800%s"}`,
		"not UTF-8": "{\"A\": \"\xff%s\"}",
		"no quotes": `{"A": %s}`,
	} {
		broken[what] = providertest.Write(t, h, manifest.SchemeJSON, what, "A", fmt.Appendf(nil, text, providertest.Canary()))
	}
	other := []byte(`{"B": "` + providertest.Canary() + `", "list": [1]}`)
	providertest.Run(t, providertest.Source{
		Provider: document.JSON(h),
		Holds:    providertest.Holds{Lines: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			text, err := json.Marshal(map[string]any{"x": []any{0, map[string]string{"A": string(value)}}})
			if err != nil {
				t.Fatal(err)
			}
			return providertest.Write(t, h, manifest.SchemeJSON, "a.json", "x.1.A", text)
		},
		Unknown: map[string]provider.Request{
			"no member":    providertest.Write(t, h, manifest.SchemeJSON, "b.json", "A", other),
			"no element":   providertest.Ask(manifest.SchemeJSON, "b.json", "list.1"),
			"not an index": providertest.Ask(manifest.SchemeJSON, "b.json", "list.00"),
			"of a string":  providertest.Ask(manifest.SchemeJSON, "b.json", "B.C"),
			"no file":      providertest.Ask(manifest.SchemeJSON, "c.json", "A"),
		},
		Broken: broken,
	})
}

func TestYAMLConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	broken := providertest.BrokenFiles(t, h, manifest.SchemeYAML)
	for what, text := range map[string]string{
		"null":          "A: ~\nb: %s",
		"two documents": "A: %s\n---\nA: %[1]s",
		"cut off":       "A: \"%s",
		"tab":           "A:\n\t%s: 1",
		"unknown alias": "A: *%s",
		"not base64":    "A: !!binary \"%s\xc2\xa0\"",
		"alias of self": "A: &a [*a, %s]",
	} {
		broken[what] = providertest.Write(t, h, manifest.SchemeYAML, what, "A", fmt.Appendf(nil, text, providertest.Canary()))
	}
	bomb := "a0: &a0 [" + providertest.Canary() + "]\n"
	for i := range 40 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	broken["bomb"] = providertest.Write(t, h, manifest.SchemeYAML, "bomb", "a40", []byte(bomb))
	providertest.Run(t, providertest.Source{
		Provider: document.YAML(h),
		Holds:    providertest.Holds{Lines: true, Binary: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			text, err := yaml.Marshal(map[string]any{"x": []any{0, map[string]string{"A": string(value)}}})
			if err != nil {
				t.Fatal(err)
			}
			return providertest.Write(t, h, manifest.SchemeYAML, "a.yaml", "/x/1/A", text)
		},
		Unknown: map[string]provider.Request{
			"no member": providertest.Write(t, h, manifest.SchemeYAML, "b.yaml", "A", []byte("B: "+providertest.Canary())),
			"no file":   providertest.Ask(manifest.SchemeYAML, "c.yaml", "A"),
		},
		Broken: broken,
	})
}

// What stands in a document comes out as it is written there.
func TestParts(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	const y = `
base: &base { user: ana, pin: 0123 }
db:
  <<: *base
  port: 5432
  on: yes
  float: 1.50
  hex: 0x1F
  "a.b/c~d": dotted
  empty: {}
  bin: !!binary aGVsbG8=
list: [ { k: v }, *base ]
block: |
  line one
  line two
`
	const j = `{"n": 1.50, "big": 12345678901234567890, "t": true, "o": {"b": [1, "x" ], "a": null}, "a.b": {"": "empty key"}, "d": 1, "d": 2, "u": "\u00e9\ud83d\udd11"}`
	for _, c := range []struct{ scheme, path, want string }{
		{"yaml", "db.user", "ana"},
		{"yaml", "db.pin", "0123"},
		{"yaml", "db.port", "5432"},
		{"yaml", "db.on", "yes"},
		{"yaml", "db.float", "1.50"},
		{"yaml", "db.hex", "0x1F"},
		{"yaml", "/db/a.b~1c~0d", "dotted"},
		{"yaml", "db.empty", "{}"},
		{"yaml", "db.bin", "hello"},
		{"yaml", "list.0", `{"k":"v"}`},
		{"yaml", "list.1.user", "ana"},
		{"yaml", "list", `[{"k":"v"},{"user":"ana","pin":"0123"}]`},
		{"yaml", "block", "line one\nline two\n"},
		{"json", "n", "1.50"},
		{"json", "big", "12345678901234567890"},
		{"json", "t", "true"},
		{"json", "o", `{"b":[1,"x"],"a":null}`},
		{"json", "o.b.1", "x"},
		{"json", "/a.b/", "empty key"},
		{"json", "d", "2"},
		{"json", "u", "é🔑"},
	} {
		p, text := document.JSON(h), j
		if c.scheme == "yaml" {
			p, text = document.YAML(h), y
		}
		v, err := p.Get(t.Context(), providertest.Write(t, h, c.scheme, "doc", c.path, []byte(text)))
		if err != nil || string(v.Reveal()) != c.want {
			t.Errorf("%s %s is %q, %v; want %q", c.scheme, c.path, v.Reveal(), err, c.want)
		}
	}
	_, err := document.JSON(h).Get(t.Context(), providertest.Write(t, h, "json", "doc", "a", []byte("{\n \"a\": x}")))
	if err == nil || !strings.Contains(err.Error(), "line 2, column 7") {
		t.Errorf("got %v", err)
	}
}

// TestPython holds the JSON path against what Python reads.
func TestPython(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	req := providertest.Write(t, h, "json", "doc", "k", []byte(`{"k": "a\u2028\"\\\/\b\f\n\r\té<>&"}`))
	v, err := document.JSON(h).Get(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", "import json,sys; sys.stdout.buffer.write(json.load(open(sys.argv[1]))['k'].encode())", h.Dir+"/doc").Output()
	if err != nil || string(out) != string(v.Reveal()) {
		t.Errorf("Python reads %q, nbseal %q, %v", out, v.Reveal(), err)
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("a: &x [1, {b: *x}]", "a.1.b")
	f.Add("<<: {a: 1}", "a")
	f.Fuzz(func(t *testing.T, text, path string) {
		if path == "" {
			return
		}
		h := provider.Host{Dir: t.TempDir()}
		start := time.Now()
		v, err := document.YAML(h).Get(t.Context(), providertest.Write(t, h, "yaml", "f", path, []byte(text)))
		if err == nil && v.Len() == 0 || err != nil && !errors.As(err, new(*provider.Error)) {
			t.Errorf("%d bytes, %v", v.Len(), err)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}
