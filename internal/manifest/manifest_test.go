package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/manifest"
)

const example = `# A comment.
[secrets]
DB_PASSWORD    = "vault://database/creds/analyst#password"
OPENAI_API_KEY = "keyring://openai/api-key"
S3             = { from = "aws://prod/s3", fields = ["key", "secret"] }
"team/v1.2"    = 'nbseal://team/v1.2'
HOME_TOKEN     = "env://TOKEN"
ASK            = "prompt://"

[secrets.LONG]
from = "exec://op read x"

[notebooks."reports/**/*.ipynb"]
allow = [ # a comment
  "DB_PASSWORD",
  "ASK",
]
[notebooks."reports/secret/{a,b}.ipynb"]
allow = ["DB_PASSWORD"]
[notebooks]
"empty.ipynb" = { allow = [] }
`

func parse(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse([]byte(text), "nbseal.toml")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParse(t *testing.T) {
	for _, text := range []string{example, "\ufeff" + example, strings.ReplaceAll(example, "\n", "\r\n")} {
		m := parse(t, text)
		if want := []string{"ASK", "DB_PASSWORD", "HOME_TOKEN", "LONG", "OPENAI_API_KEY", "S3", "team/v1.2"}; !slices.Equal(m.Names(), want) {
			t.Errorf("names %q", m.Names())
		}
		for name, want := range map[string]manifest.Reference{
			"S3":          {Scheme: "aws", Rest: "prod/s3", Fields: []string{"key", "secret"}},
			"team/v1.2":   {Scheme: manifest.SchemeStore, Rest: "team/v1.2"},
			"HOME_TOKEN":  {Scheme: manifest.SchemeEnv, Rest: "TOKEN"},
			"DB_PASSWORD": {Scheme: "vault", Rest: "database/creds/analyst#password"},
			"ASK":         {Scheme: "prompt"},
			"LONG":        {Scheme: "exec", Rest: "op read x", Command: []string{"op", "read", "x"}},
		} {
			if got, ok := m.Secret(name); !ok || !reflect.DeepEqual(got.From, want) {
				t.Errorf("%s is %+v", name, got)
			}
		}
		if _, ok := m.Secret("ask"); ok {
			t.Error("names do not tell capital letters from small ones")
		}
	}
	if m := parse(t, ""); len(m.Names()) != 0 {
		t.Errorf("names %q", m.Names())
	}
	for _, text := range []string{`secrets.A = "env://X"`, `secrets = { A = "env://X" }`, `secrets = { A.from = "env://X" }`, "[secrets.A]\nfrom = \"env://X\""} {
		if s, _ := parse(t, text).Secret("A"); s.From.String() != "env://X" {
			t.Errorf("%s: %v", text, s.From)
		}
	}
}

func TestErrorsHaveAPlaceAndNoContent(t *testing.T) {
	for text, want := range map[string]string{
		"[secrets]\nA = \"canary\"":                                                   "2:5: expected a reference",
		"[secrets]\nA = \"canary://x\"":                                               "2:5: unknown scheme",
		"[secrets]\nA = \"NBSEAL://x\"":                                               "2:5: unknown scheme",
		"[secrets]\nA = { from = \"canary\" }":                                        "2:14: expected a reference",
		"[secrets]\n\nA = 123456":                                                     "3:1: expected a reference",
		"[secrets]\nA = 1.5":                                                          "2:1: expected a reference",
		"[secrets]\nA = true":                                                         "2:1: expected a reference",
		"[secrets]\nA = 2020-01-01":                                                   "2:1: expected a reference",
		"[secrets]\nA = [\"canary\"]":                                                 "2:1: expected a reference",
		"[secrets]\nA = { from = 123456 }":                                            "2:7: expected a reference",
		"[secrets]\nA = {}":                                                           "2:1: it has no reference",
		"[secrets]\nA = { fields = [\"canary\"] }":                                    "2:1: it has no reference",
		"[secrets]\nA = { from = \"env://A\", fields = [1] }":                         "2:25: expected an array of strings",
		"[secrets]\nA = { from = \"env://A\", canary = \"x\" }":                       "2:25: unknown key",
		"[secrets]\nA = { from = \"env://A\", FIELDS = [] }":                          "2:25: unknown key",
		"[secrets]\n  a.b = \"env://canary\"":                                         "2:3: unknown key; a name that holds a dot",
		"[secrets]\n \"1a\" = \"env://canary\"":                                       "2:2: not a name",
		"[secrets]\n \"a/../b\" = \"env://canary\"":                                   "2:2: not a name",
		"[secrets]\nA = \"env://canary-x\"":                                           "2:5: env:// is not followed",
		"[secrets]\nA = \"nbseal://../canary\"":                                       "2:5: nbseal:// is not followed",
		"[secrets]\nA = \"vault://\"":                                                 "2:5: there is nothing after",
		"[secrets]\nA = \"exec://canary\\n\"":                                         "2:5: the reference holds a control",
		"[secrets]\nA = \"env://X\"\nA = \"env://canary\"":                            "3:1: this key or table is there already",
		"[secrets]\nA = \"env://X\"\n[secrets.A]\nfrom=\"env://X\"":                   "3:2: this key or table is there already",
		"[secrets]\nA = \"json://canary#\"":                                           "2:5: json:// is followed by FILE",
		"[secrets]\nA = \"dotenv://canary%\"":                                         "2:5: dotenv:// is followed by FILE",
		"[secrets]\nA = \"dotenv://a#%00canary\"":                                     "2:5: dotenv:// is followed by FILE",
		"[secrets]\nA = \"netrc://canary#secret\"":                                    "2:5: netrc:// is followed by HOST",
		"[secrets]\nA = \"keyring://canary\"":                                         "2:5: keyring:// is followed by SERVICE",
		"[secrets]\nA = \"keyring://canary/\"":                                        "2:5: keyring:// is followed by SERVICE",
		"[secrets]\nA = \"fernet://canary#A\"":                                        "2:1: fernet:// needs a key",
		"[secrets]\nA = { from = \"fernet://canary#A\", key = \"canary\" }":           "2:41: expected a reference",
		"[secrets]\nA = { from = \"fernet://canary\", key = \"fernet://canary\" }":    "2:33: a key comes neither",
		"[secrets]\nA = { from = \"fernet://canary\", key = \"exec://\" }":            "2:33: a key comes neither",
		"[secrets]\nA = { from = \"env://A\", key = \"env://B\" }":                    "2:25: only fernet",
		"[secrets]\nA = \"exec://\"":                                                  "2:1: exec:// needs a command",
		"[secrets]\nA = \"exec://./canary\"":                                          "2:5: a program is a name",
		"[secrets]\nA = { from = \"exec://\", command = [] }":                         "2:1: exec:// needs a command",
		"[secrets]\nA = { from = \"exec://\", command = [\"x/canary\"] }":             "2:25: a program is a name",
		"[secrets]\nA = { from = \"exec://\", command = [\"x\", \"canary\\u0000\"] }": "2:25: an argument holds",
		"[secrets]\nA = { from = \"exec://x\", command = [\"canary\"] }":              "2:26: command stands with",
		"[secrets]\nA = { from = \"env://X\", command = [\"canary\"] }":               "2:25: command stands with",
		"[secrets]\nA = { from = \"exec://x\", output = \"canary\" }":                 "2:26: output is of exec",
		"[secrets]\nA = { from = \"env://X\", output = \"all\" }":                     "2:25: output is of exec",
		"[secrets]\nA = { from = \"env://X\", type = \"canary\" }":                    "2:25: expected \"text\"",
		"[secrets]\nA = { from = \"env://X\", type = 1 }":                             "2:25: expected \"text\"",
		"[secrets]\nA = { from = \"env://X\", min_length = \"canary\" }":              "2:25: expected a number of bytes",
		"[secrets]\nA = { from = \"env://X\", max_length = -1 }":                      "2:25: expected a number of bytes",
		"[secrets]\nA = { from = \"env://X\", min_length = 2, max_length = 1 }":       "2:25: min_length is greater",
		"[secrets]\nA = { from = \"env://X\", pattern = \"canary)(\" }":               "2:25: not a regular expression",
		"[secrets]\nA = { from = \"env://X\", pattern = \"\" }":                       "2:25: an empty string",
		"[secrets]\nA = { from = \"env://X\", starts_with = \"\" }":                   "2:25: an empty string",
		"[secrets]\nA = { from = \"env://X\", starts_with = [\"canary\"] }":           "2:25: expected a string",
		"[secrets]\nA = { from = \"env://X\", field = \"\" }":                         "2:25: field names one",
		"[secrets]\nA = { from = \"env://X\", field = \"a\", fields = [\"canary\"] }": "2:25: field names one",
		"[secrets]\nA = { from = \"env://X\", fields = [\"canary\", \"canary\"] }":    "2:25: a field is empty",
		"[policy]\ndefault = \"canary\"":                                              "2:1: expected default",
		"[policy]\ndefault = true":                                                    "2:1: expected default",
		"[policy]\ncanary = \"deny\"":                                                 "2:1: unknown key",
		"policy = \"deny\"":                                                           "1:1: expected a table",
		"[secrets]\nA = canary":                                                       "2:5: unexpected character",
		"[secrets]\nA = \"canary":                                                     "2:11: unterminated",
		"[Secrets]\nA = \"env://X\"":                                                  "1:2: unknown key",
		"[canary]\nA = \"env://X\"":                                                   "1:2: unknown key",
		"canary = 1":                                                                  "1:1: ",
		"secrets = \"canary\"":                                                        "1:1: expected a table",
		"[[secrets]]\nA = \"env://X\"":                                                "1:3: a table in double brackets",
		"[notebooks]\n\"x\" = [\"canary\"]":                                           "2:1: expected a table",
		"[notebooks.x]\nallow = \"canary\"":                                           "2:1: expected an array",
		"[notebooks.x]\nallow = [\"canary\"]":                                         "1:12: a name that is allowed",
		"[notebooks.x]":                                                               "1:12: allow is missing",
		"[notebooks.\"[\"]\nallow = []":                                               "1:12: not a pattern",
		"[notebooks.\"/abs\"]\nallow = []":                                            "1:12: not a pattern",
		"[notebooks.\"../x\"]\nallow = []":                                            "1:12: not a pattern",
		"[notebooks.\"./x\"]\nallow = []":                                             "1:12: not a pattern",
		"[notebooks.\"{a,b}{a,b}{a,b}{a,b}{a,b}\"]\nallow = []":                       "1:12: not a pattern",
		"\xff":                          "1:1: ",
		"[secrets]\nA = \"env://\xff\"": "2:",
	} {
		_, err := manifest.Parse([]byte(text), "dir/nbseal.toml")
		if err == nil {
			t.Errorf("%q is a manifest", text)
		} else if got := err.Error(); !strings.HasPrefix(got, "dir/nbseal.toml:"+want) || strings.Contains(got, "canary") || strings.Contains(got, "12345") || strings.Contains(got, "manifest.") {
			t.Errorf("%q: got  %s\nwant %s", text, got, want)
		}
	}
	if _, err := manifest.Parse(make([]byte, 64<<10+1), "f"); err == nil {
		t.Error("there is no bound")
	}
}

// No document up to the bound keeps its reader busy.
func TestParsingIsBounded(t *testing.T) {
	const size = 64<<10 - 100
	var many strings.Builder
	many.WriteString("[secrets]\n")
	for i := 0; many.Len() < size; i++ {
		fmt.Fprintf(&many, "A%d=\"env://X\"\n", i)
	}
	var tables strings.Builder
	for i := 0; tables.Len() < size; i++ {
		fmt.Fprintf(&tables, "[secrets.A%d]\nfrom=\"env://X\"\n", i)
	}
	for name, text := range map[string]string{
		"many": many.String(), "tables": tables.String(), "dots": "[secrets]\n" + strings.Repeat("a.", size/2) + "a = 1",
		"inline": "[secrets]\nA = " + strings.Repeat("{a=", size/4), "arrays": "[secrets]\nA = " + strings.Repeat("[", size),
		"wrong at the end": many.String() + "A = 1\n",
	} {
		start := time.Now()
		_, err := manifest.Parse([]byte(text), "f")
		if good := name == "many" || name == "tables"; good != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s takes %v", name, d)
		}
	}
}

func TestDenied(t *testing.T) {
	m := parse(t, example)
	for _, c := range []struct{ notebook, name, pattern string }{
		{"reports/a.ipynb", "DB_PASSWORD", ""},
		{"reports/2024/q1/a.ipynb", "ASK", ""},
		{"reports/2024/q1/a.ipynb", "S3", "reports/**/*.ipynb"},
		{"reports/a.ipynb", "S3", "reports/**/*.ipynb"},
		{"reports/secret/a.ipynb", "DB_PASSWORD", ""},
		{"reports/secret/a.ipynb", "ASK", "reports/secret/{a,b}.ipynb"}, // every section that matches must allow it
		{"reports/secret/c.ipynb", "ASK", ""},
		{"empty.ipynb", "ASK", "empty.ipynb"},
		{"elsewhere/a.ipynb", "S3", ""},
		{"x/reports/a.ipynb", "S3", ""},
		{"reports/a.txt", "S3", ""},
	} {
		if pattern, denied := m.Denied(c.notebook, c.name); pattern != c.pattern || denied != (c.pattern != "") {
			t.Errorf("%s for %s: denied %v by %q, want by %q", c.name, c.notebook, denied, pattern, c.pattern)
		}
	}
}

func TestFindAndLoad(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(top, "project", "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(deep, filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	find := func(dir, want string) {
		t.Helper()
		if got, err := manifest.Find(dir); err != nil || got != want {
			t.Errorf("from %s found %q, %v, want %q", dir, got, err, want)
		}
	}
	find(deep, "")
	outer, inner := filepath.Join(top, "project", manifest.Filename), filepath.Join(deep, manifest.Filename)
	if err := os.WriteFile(outer, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	find(deep, outer)
	find(filepath.Join(top, "link"), outer)
	find(top, "")
	t.Chdir(deep)
	find(".", outer)
	if m, err := manifest.Load(outer); err != nil || m.Filename() != outer || len(m.Names()) != 7 {
		t.Errorf("got %v, %v", m, err)
	}

	// One that cannot be read is not passed over.
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	find(deep, inner)
	if _, err := manifest.Load(inner); err == nil {
		t.Error("loaded a directory")
	}
	if err := errors.Join(os.Remove(inner), os.Symlink("nowhere", inner)); err != nil {
		t.Fatal(err)
	}
	find(deep, inner)
	if _, err := manifest.Load(inner); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := manifest.Find(filepath.Join(top, "none")); err == nil {
		t.Error("found from a directory that does not exist")
	}
}

// FuzzParse: an error has a place in the document and does not quote it; a
// manifest, written anew from what was read, reads the same.
func FuzzParse(f *testing.F) {
	const canary = "q7canaryx9"
	f.Add(example, "")
	for _, s := range []string{"[secrets]\nA = \"|\"", "[secrets]\nA = |", "[secrets]\nA = { from = '|' }", "[secrets]\nA = \"env://|\"\n[notebooks.'**']\nallow = ['A']", "[secrets]\nA = 1|", "[secrets.|]\n", "secrets.| = 1", "|", "[secrets]\n| = 1\n| = 2", "[notebooks.\"|*\"]\nallow = [\"|\"]", "[secrets]\nA = \"\"\"\n|",
		"[secrets]\nA = { from = 'fernet://a#b', key = 'keyring://|/b', type = 'pem' }", "[secrets]\nA = { from = 'exec://', command = ['a', '|'], output = 'all' }",
		"[secrets]\nA = { from = 'yaml://|#a', field = 'b', pattern = '|', starts_with = '|', min_length = 1 }", "[policy]\ndefault = 'deny'\n[secrets]\nA = 'exec://a |'"} {
		before, after, _ := strings.Cut(s, "|")
		f.Add(before, strings.ReplaceAll(after, "|", canary))
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + canary + after
		m, err := manifest.Parse([]byte(text), "f")
		if err != nil {
			var line, column int
			if _, serr := fmt.Sscanf(err.Error(), "f:%d:%d: ", &line, &column); serr != nil || line < 1 || column < 1 || line > strings.Count(text, "\n")+1 {
				t.Errorf("no place in %v", err)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%q is quoted in %v", canary, err)
			}
			return
		}
		var b strings.Builder
		b.WriteString("[secrets]\n")
		for _, name := range m.Names() {
			secret, _ := m.Secret(name)
			writeSecret(&b, name, secret)
		}
		again, err := manifest.Parse([]byte(b.String()), "f")
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		for _, name := range m.Names() {
			x, _ := m.Secret(name)
			y, ok := again.Secret(name)
			x.Line, x.Column, y.Line, y.Column = 0, 0, 0, 0
			if !ok || !reflect.DeepEqual(x, y) {
				t.Errorf("%s was %+v and is %+v", name, x, y)
			}
		}
	})
}

// writeSecret writes what was read as an inline table.
func writeSecret(b *strings.Builder, name string, s manifest.Secret) {
	r, c := s.From, s.Check
	fmt.Fprintf(b, "%q = { from = %s", name, quote(r.String()))
	list := func(key string, values []string) {
		if values != nil {
			fmt.Fprintf(b, ", %s = [", key)
			for _, v := range values {
				b.WriteString(quote(v) + ",")
			}
			b.WriteString("]")
		}
	}
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(b, ", %s = %s", key, quote(value))
		}
	}
	list("fields", r.Fields)
	if r.Scheme == manifest.SchemeExec && strings.TrimSpace(r.Rest) == "" {
		list("command", r.Command)
	}
	if r.Whole {
		text("output", "all")
	}
	if r.Key != nil {
		text("key", r.Key.String())
	}
	text("field", r.Field)
	text("type", c.Type)
	text("starts_with", c.StartsWith)
	if c.Pattern != nil {
		text("pattern", strings.TrimSuffix(strings.TrimPrefix(c.Pattern.String(), "^(?s:"), ")$"))
	}
	fmt.Fprintf(b, ", min_length = %d, max_length = %d }\n", c.Min, c.Max)
}

// quote writes s as a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "\\U%08X", r)
	}
	return `"` + b.String() + `"`
}
