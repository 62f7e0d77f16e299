package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
)

func TestSteps(t *testing.T) {
	for path, want := range map[string][]string{
		"": nil, "a": {"a"}, "a.0.b": {"a", "0", "b"}, "/": {""}, "/a.b/c~1d~0e~01": {"a.b", "c/d~e~1"}, "a..b": {"a", "", "b"},
	} {
		if got := provider.Steps(path); !slices.Equal(got, want) {
			t.Errorf("%q is %q", path, got)
		}
	}
}

// No path keeps its reader busy, however deep the document.
func TestPickIsBounded(t *testing.T) {
	document := []byte(strings.Repeat("[", 9_000) + strings.Repeat(" ", 256<<10) + strings.Repeat("]", 9_000))
	start := time.Now()
	for _, steps := range []int{64, 8_000} {
		if _, err := provider.Pick(document, provider.Steps(strings.TrimSuffix(strings.Repeat("0.", steps), "."))); (err == nil) != (steps == 64) {
			t.Errorf("%d steps: %v", steps, err)
		}
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestObject(t *testing.T) {
	got, err := provider.Object([]provider.Pair{{Name: "a", Value: []byte("1")}, {Name: "b<", Value: []byte("\"\u2028")}, {Name: "a", Value: []byte("2")}})
	if err != nil || string(got) != `{"b<":"\"\u2028","a":"2"}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := provider.Object([]provider.Pair{{Name: "a", Value: []byte{0xff}}}); err == nil {
		t.Error("bytes became text")
	}
}

func TestPaths(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	h := provider.Host{Dir: dir, Home: home}
	abs := filepath.Join(home, "x")
	for path, want := range map[string]string{"a/b": filepath.Join(dir, "a", "b"), "../a": filepath.Join(filepath.Dir(dir), "a"), "~/a": filepath.Join(home, "a"), "~a": filepath.Join(dir, "~a"), abs: abs} {
		if got, err := h.File(path); err != nil || got != want {
			t.Errorf("%s is %s, %v", path, got, err)
		}
		if inside := provider.Inside(path); inside != (path == "a/b" || path == "~a") {
			t.Errorf("%s is inside: %v", path, inside)
		}
	}
	if _, err := (provider.Host{Dir: dir}).File("~/a"); err == nil {
		t.Error("there is a home without one")
	}
}

func TestConfined(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(out, []byte("out"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "in"), []byte("in"), 0o600), os.Symlink("in", filepath.Join(dir, "link")), os.Symlink(out, filepath.Join(dir, "out")), os.Symlink(filepath.Dir(out), filepath.Join(dir, "folder"))); err != nil {
		t.Fatal(err)
	}
	h := provider.Host{Dir: dir}
	for path, want := range map[string]string{"in": "in", "link": "in", "out": "", "folder/out": ""} {
		req := provider.Request{Ref: manifest.Reference{Scheme: "json", Rest: path}, Confined: true}
		got, err := h.ReadFile(t.Context(), req)
		if string(got) != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, provider.ErrOutside) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

// FuzzPick holds the reader against encoding/json.
func FuzzPick(f *testing.F) {
	f.Add(`{"a": [1, {"b": "x"}]}`, "a.1.b")
	f.Add(`{"a": "\ud83d\udd11\ufffd"}`, "a")
	f.Add(`{"a": "\ud83d"}`, "a")
	f.Add(` [ 1.50 , null ]`, "0")
	f.Fuzz(func(t *testing.T, document, path string) {
		if len(provider.Steps(path)) > 64 {
			return // refused
		}
		got, err := provider.Pick([]byte(document), provider.Steps(path))
		var whole any
		d := json.NewDecoder(strings.NewReader(document))
		d.UseNumber()
		if !json.Valid([]byte(document)) || d.Decode(&whole) != nil {
			if err == nil {
				t.Errorf("%q is no JSON, and has %q", document, got)
			}
			return
		}
		for _, step := range provider.Steps(path) {
			switch v := whole.(type) {
			case map[string]any:
				whole = v[step]
			case []any:
				i, ok := provider.Index(step, len(v))
				if whole = nil; ok {
					whole = v[i]
				}
			default:
				whole = nil
			}
		}
		want, ok := whole.(string)
		switch v := whole.(type) {
		case string:
		case nil:
			if err == nil {
				t.Errorf("%q has nothing at %q, but %q", document, path, got)
			}
			return
		case json.Number:
			want, ok = v.String(), true
		}
		if ok && err == nil && string(got) != want {
			t.Errorf("%q at %q is %q, not %q", document, path, got, want)
		}
		if !ok && (err != nil || !json.Valid(got) || bytes.ContainsAny(got, "\n\t") && !strings.Contains(document, "\"")) {
			t.Errorf("%q at %q is %q, %v", document, path, got, err)
		}
		if err != nil && !strings.Contains(document, `\`) && strings.ToValidUTF8(document, "") == document {
			t.Errorf("%q at %q: %v", document, path, err)
		}
	})
}
