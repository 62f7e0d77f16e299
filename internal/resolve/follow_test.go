package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/fernet"
	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/resolve"
	"github.com/nbseal/nbseal/internal/secret"
)

// file writes a file of the project, or elsewhere if the path is absolute.
func (s *setup) file(t *testing.T, path, text string) string {
	t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// trusted are options under which the manifest is trusted, or not.
func trusted(o resolve.Options, yes bool) resolve.Options {
	o.Trusted = func(*manifest.Manifest) (bool, error) { return yes, nil }
	return o
}

func TestFieldsAndChecks(t *testing.T) {
	s := newSetup(t, map[string]string{"s3": `{"key": "K", "secret": "S\n", "port": 9000, "x": 1}`, "text": "plain"})
	s.file(t, "creds.json", `{"s3": {"key": "K2", "secret": "S2"}, "empty": ""}`)
	r := newResolver(t, trusted(s.with(t, `[secrets]
STORED = { from = "nbseal://s3", fields = ["secret", "key", "port"] }
ONE = { from = "nbseal://s3", field = "key" }
FILE = { from = "json://creds.json#s3", fields = ["key"], type = "json", min_length = 5 }
NONE = { from = "nbseal://s3", fields = ["nothing"] }
TEXT = { from = "nbseal://text", field = "a" }
EMPTY = { from = "json://creds.json", field = "empty" }
CLASH = { from = "nbseal://s3", fields = ["key", "KEY"] }
SHORT = { from = "nbseal://text", min_length = 20 }
PORT = { from = "nbseal://s3", field = "port", type = "port" }
WRONG = { from = "nbseal://text", type = "port" }
`, ""), true))
	gives(t, r, "STORED", `{"secret":"S\n","key":"K","port":9000}`)
	gives(t, r, "ONE", "K")
	gives(t, r, "FILE", `{"key":"K2"}`)
	gives(t, r, "PORT", "9000")
	fails(t, r, "NONE", provider.ErrNotFound, "nbseal.toml:5:1: ")
	fails(t, r, "TEXT", nil, "not valid JSON")
	fails(t, r, "EMPTY", provider.ErrEmpty, "")
	fails(t, r, "CLASH", provider.ErrNotFound, "")
	fails(t, r, "SHORT", resolve.ErrCheck, "nbseal.toml:9:1: ")
	fails(t, r, "WRONG", resolve.ErrCheck, "65535")

	v, err := r.Get(t.Context(), "STORED")
	if err != nil {
		t.Fatal(err)
	}
	fields, err := r.Fields("STORED", v)
	var got []string
	for _, f := range fields {
		got = append(got, f.Variable+"="+string(f.Value.Reveal()))
	}
	if want := []string{"STORED_SECRET=S\n", "STORED_KEY=K", "STORED_PORT=9000"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("fields %q, %v", got, err)
	}
	if fields, err := r.Fields("ONE", v); fields != nil || err != nil {
		t.Errorf("a name without fields has %d, %v", len(fields), err)
	}
	if _, err := r.Fields("CLASH", secret.New([]byte(`{"key":"a","KEY":"b"}`))); err == nil || !strings.Contains(err.Error(), "CLASH_KEY") {
		t.Errorf("got %v", err)
	}
}

// The key to a file of several secrets is asked for once in a call.
func TestKeysAreFetchedOnce(t *testing.T) {
	s := newSetup(t, nil)
	key := fernet.NewKey()
	token, err := fernet.Seal(key, []byte(`{"A": "a", "B": "b"}`), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.file(t, "creds.enc", string(token))
	s.env["KEY"] = string(key.Text().Reveal())
	o := trusted(s.with(t, `[secrets]
A = { from = "fernet://creds.enc#A", key = "prompt://key of the file" }
B = { from = "fernet://creds.enc#B", key = "prompt://key of the file" }
C = { from = "fernet://creds.enc#A", key = "env://KEY" }
D = { from = "fernet://creds.enc#A", key = "env://NONE" }
P = "prompt://"
`, ""), true)
	var asked []string
	o.Prompt = func(_ context.Context, name, text string) (secret.Value, error) {
		asked = append(asked, name+": "+text)
		return key.Text(), nil
	}
	r := newResolver(t, o)
	values, err := r.GetAll(t.Context(), []string{"A", "B", "C"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"A": "a", "B": "b", "C": "a"} {
		if string(values[name].Reveal()) != want {
			t.Errorf("%s has %d bytes", name, values[name].Len())
		}
	}
	if len(asked) != 1 || asked[0] != "the key of creds.enc: key of the file" {
		t.Errorf("asked %q", asked)
	}
	fails(t, r, "D", provider.ErrNotFound, "its key: env://")

	// Checking asks nobody.
	results, err := r.Check(t.Context())
	if err != nil || len(asked) != 1 {
		t.Errorf("%v, asked %q", err, asked)
	}
	var got []string
	for _, res := range results {
		got = append(got, fmt.Sprint(res.Name, " ", filepath.Base(res.Place), " ", res.Skipped, " ", res.Err == nil))
	}
	want := []string{"A nbseal.toml:2:1 true true", "B nbseal.toml:3:1 true true", "C nbseal.toml:4:1 false true", "D nbseal.toml:5:1 false false", "P nbseal.toml:6:1 true true"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestTimeout(t *testing.T) {
	s := newSetup(t, nil)
	o := trusted(s.with(t, "[secrets]\nA = \"exec://sleep 60\"\n", ""), true)
	o.Timeout, o.Environ = 100*time.Millisecond, os.Environ()
	start := time.Now()
	fails(t, newResolver(t, o), "A", nil, "no answer within 100ms")
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
}

// What an untrusted manifest may do, and what it may not, whoever asks.
func TestUntrusted(t *testing.T) {
	s := newSetup(t, map[string]string{"SAME": "same", "aws/prod": "theirs"})
	s.env = map[string]string{"TOKEN": "token", "AWS": "theirs"}
	outside := s.file(t, filepath.Join(t.TempDir(), "out.json"), `{"A": "theirs"}`)
	s.file(t, "in.json", `{"A": "ours"}`)
	s.file(t, ".env", "A=ours")
	if err := os.Symlink(outside, filepath.Join(s.dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	ran := filepath.Join(t.TempDir(), "ran")
	home := t.TempDir()
	s.file(t, filepath.Join(home, ".netrc"), "machine h password theirs")
	text := fmt.Sprintf(`[secrets]
SAME = "nbseal://SAME"
TOKEN = "env://TOKEN"
IN = "json://in.json#A"
DOTENV = "dotenv://./.env#A"
OTHER = "nbseal://aws/prod"
WEATHER = "env://AWS"
LINK = "json://link.json#A"
UP = "json://../%s/out.json#A"
ABS = "json://%s#A"
HOME = "yaml://~/.netrc"
NETRC = "netrc://h#password"
KEYRING = "keyring://a/b"
SOPS = "sops://in.json#A"
ASK = "prompt://your passphrase"
RUN = { from = "exec://", command = ["touch", "%s"] }
KEY = { from = "fernet://in.json", key = "exec://touch %[3]s" }
KEY2 = { from = "fernet://in.json", key = "nbseal://aws/prod" }
`, filepath.Base(filepath.Dir(outside)), outside, ran)
	options := func(confirm bool) (resolve.Options, *[]string) {
		o := trusted(s.with(t, text, ""), false)
		o.Home, o.Environ = home, os.Environ()
		o.Prompt = func(context.Context, string, string) (secret.Value, error) {
			t.Error("a person was asked for a value")
			return secret.Value{}, errors.New("no")
		}
		asked := new([]string)
		o.Confirm = func(_ context.Context, name, text string) (bool, error) {
			*asked = append(*asked, name+" "+text)
			return confirm, nil
		}
		return o, asked
	}
	for _, confirm := range []bool{false, true} {
		o, asked := options(confirm)
		r := newResolver(t, o)
		gives(t, r, "SAME", "same")
		gives(t, r, "TOKEN", "token")
		gives(t, r, "IN", "ours")
		gives(t, r, "DOTENV", "ours")
		if len(*asked) != 0 {
			t.Errorf("asked %q", *asked)
		}
		if confirm {
			gives(t, r, "OTHER", "theirs")
			gives(t, r, "WEATHER", "theirs")
		} else {
			fails(t, r, "OTHER", resolve.ErrUntrusted, `takes "aws/prod" from the store`)
			fails(t, r, "WEATHER", resolve.ErrUntrusted, "variable AWS")
		}
		if want := []string{`OTHER takes "aws/prod" from the store`, "WEATHER takes the environment variable AWS"}; !slices.Equal(*asked, want) {
			t.Errorf("asked %q", *asked)
		}
		for name, does := range map[string]string{
			"LINK": "outside of the project", "UP": "reads the file", "ABS": "reads the file", "HOME": `"~/.netrc"`, "NETRC": "netrc file", "KEYRING": "keyring",
			"SOPS": "runs sops", "ASK": "your passphrase", "RUN": `runs the program "touch"`, "KEY": `runs the program "touch"`,
		} {
			fails(t, r, name, resolve.ErrUntrusted, does)
		}
		if _, err := r.Get(t.Context(), "KEY2"); errors.Is(err, resolve.ErrUntrusted) == confirm {
			t.Errorf("confirmed %v: %v", confirm, err)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a program was run")
	}

	// Where nobody can say, the same but for names of the store and variables.
	o, _ := options(false)
	o.Trusted = nil
	r := newResolver(t, o)
	gives(t, r, "OTHER", "theirs")
	fails(t, r, "RUN", resolve.ErrUntrusted, "touch")
	fails(t, r, "LINK", resolve.ErrUntrusted, "")
	o.Trusted = func(*manifest.Manifest) (bool, error) { return true, errors.New("damaged") }
	fails(t, newResolver(t, o), "RUN", nil, "damaged")

	// Trusted, all of it; and that is what was said before.
	o, _ = options(false)
	r = newResolver(t, trusted(o, true))
	for _, name := range []string{"OTHER", "WEATHER", "LINK", "UP", "ABS", "NETRC"} {
		gives(t, r, name, "theirs")
	}
	fails(t, r, "RUN", provider.ErrEmpty, "")
	if _, err := os.Stat(ran); err != nil {
		t.Error("the program was not run")
	}
	var names []string
	for _, g := range resolve.Grants(o.Manifest) {
		names = append(names, g.Name)
		if g.Does == "" || g.Asks != (g.Name == "OTHER" || g.Name == "WEATHER" || g.Name == "KEY2") || !strings.Contains(g.Place, "nbseal.toml:") {
			t.Errorf("%+v", g)
		}
	}
	if want := []string{"ABS", "ASK", "HOME", "KEY", "KEY2", "KEYRING", "NETRC", "OTHER", "RUN", "SOPS", "UP", "WEATHER"}; !slices.Equal(names, want) {
		t.Errorf("grants of %q", names)
	}
}

func TestDenyByDefault(t *testing.T) {
	s := newSetup(t, nil)
	s.env["A"] = "a"
	const text = "[policy]\ndefault = \"deny\"\n[secrets]\nA = \"env://A\"\nB = \"env://B\"\n[notebooks.\"reports/*\"]\nallow = [\"A\"]\n"
	for _, c := range []struct {
		notebook string
		client   bool
		names    []string
	}{
		{"reports/x.ipynb", true, []string{"A"}},
		{"x.ipynb", true, nil},
		{"../x.ipynb", true, nil},
		{"../x.ipynb", false, nil},
		{"", true, nil},
		{"", false, []string{"A", "B"}}, // a person on the command line
	} {
		o := s.with(t, text, c.notebook)
		o.Client = c.client
		r := newResolver(t, o)
		names, err := r.Names()
		if err != nil || !slices.Equal(names, c.names) {
			t.Errorf("%q may have %q, %v", c.notebook, names, err)
		}
		if slices.Contains(c.names, "A") {
			gives(t, r, "A", "a")
		} else {
			fails(t, r, "A", resolve.ErrDenied, "[policy]")
		}
	}
}
