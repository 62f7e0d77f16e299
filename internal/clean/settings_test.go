package clean_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/manifest"
)

// Each setting that a manifest may have does something.
func TestEverySettingIsKnown(t *testing.T) {
	for key, kind := range manifest.CleanKeys() {
		var value any
		switch kind.Zero.(type) {
		case bool:
			value = true
		case int:
			value = 7
		case string:
			value = kind.Words[1]
		default:
			value = []string{"metadata.a"}
		}
		if s := set(t, key, value); reflect.DeepEqual(s, clean.Settings{}) {
			t.Errorf("%s does nothing", key)
		}
		var s clean.Settings
		if s.Set(key, struct{}{}) == nil {
			t.Errorf("%s takes anything", key)
		}
	}
	for _, wrong := range []struct {
		key   string
		value any
	}{{"none", true}, {"outputs", "none"}, {"max-output", -1}, {"strip-keys", []string{"a"}}, {"strip-ids", 1}} {
		var s clean.Settings
		if s.Set(wrong.key, wrong.value) == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

func TestPolicy(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("nbseal.toml", "[clean]\noutputs = \"strip\"\n[clean.\"reports/*.ipynb\"]\noutputs = \"keep\"\n[clean.\"gone/**\"]\nsource = \"redact\"\n")
	write("inner/nbseal.toml", "[secrets]\n")
	write("reports/a.ipynb", "")
	t.Chdir(dir)
	p := &clean.Policy{}
	for path, want := range map[string]clean.Settings{
		"a.ipynb": {Outputs: clean.Strip}, "reports/a.ipynb": {Outputs: clean.Keep}, "inner/a.ipynb": {},
		"gone/deep/a.ipynb": {Outputs: clean.Strip, Source: clean.RedactSource}, filepath.Join(dir, "reports", "b.ipynb"): {Outputs: clean.Keep},
	} {
		got, err := p.For(filepath.FromSlash(path))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	p.Override = func(s *clean.Settings) error { return s.Set("outputs", "redact") }
	if got, err := p.For("a.ipynb"); err != nil || got.Outputs != clean.Redact {
		t.Errorf("%+v, %v", got, err)
	}
	write("nbseal.toml", "[clean]\noutputs = 3\n")
	if _, err := new(clean.Policy).For("a.ipynb"); err == nil || !strings.Contains(err.Error(), "nbseal.toml:2:1: expected") {
		t.Error(err)
	}
	if _, err := clean.New(clean.Options{Settings: new(clean.Policy).For}).Clean("a.ipynb", []byte("{}")); err == nil {
		t.Error("a manifest that is wrong is passed over")
	}
}
