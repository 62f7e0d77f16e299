package baseline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/baseline"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/secret"
)

func find(path, rule, value string) finding.Finding {
	return finding.Finding{Rule: rule, Location: finding.Location{Path: path}, Secret: secret.New([]byte(value))}
}

// env is an environment whose user has a folder of configuration.
func env(dir string, more ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(more); i += 2 {
			if more[i] == name {
				return more[i+1]
			}
		}
		if name == "XDG_CONFIG_HOME" {
			return dir
		}
		return ""
	}
}

func ring(t *testing.T, getenv func(string) string) *baseline.Keyring {
	t.Helper()
	r, err := baseline.OpenKeyring(getenv)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// accept writes a baseline of the findings and returns its path.
func accept(t *testing.T, r *baseline.Keyring, list ...finding.Finding) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known.json")
	b, _, err := baseline.Renew(path, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		b.Add(f)
	}
	if err := b.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestKnown(t *testing.T) {
	config := t.TempDir()
	path := accept(t, ring(t, env(config)), find("a.ipynb", "generic-password", "one"), find("b.ipynb", "aws", "two"), find("c", "aws", ""))
	b, err := baseline.Open(path, ring(t, env(config)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		f    finding.Finding
		want bool
	}{
		{find("a.ipynb", "generic-password", "one"), true},
		{find("moved/elsewhere.ipynb", "generic-password", "one"), true},
		{find("a.ipynb", "generic-password", "One"), false},
		{find("a.ipynb", "generic-password", "one "), false},
		{find("a.ipynb", "aws", "one"), false},
		{find("a.ipynb", "aws", "two"), true},
		{find("c", "aws", ""), false},
	} {
		if got := b.Has(test.f); got != test.want {
			t.Errorf("%s %s: %v", test.f.Location.Path, test.f.Rule, got)
		}
	}
	if b.Len() != 2 {
		t.Errorf("%d known", b.Len())
	}
}

// TestFile: the list is ordered, holds neither value nor key, and is the same
// whatever the order of the findings and however often it is made anew.
func TestFile(t *testing.T) {
	config := t.TempDir()
	r := ring(t, env(config))
	dir := t.TempDir()
	path := filepath.Join(dir, "known.json")
	list := []finding.Finding{
		find(filepath.Join(dir, "b.ipynb"), "r", "correct horse"), find(filepath.Join(dir, "a", "x.ipynb"), "s", "battery"),
		find("-", "r", "staple"), find(filepath.Join(dir, "a", "x.ipynb"), "r", "hunter2"),
	}
	write := func(order ...int) (string, bool) {
		b, made, err := baseline.Renew(path, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range order {
			b.Add(list[i])
		}
		if err := b.Write(path); err != nil {
			t.Fatal(err)
		}
		return read(t, path), made
	}
	first, made := write(0, 1, 2, 3)
	second, again := write(3, 2, 1, 0, 0)
	if first != second || !made || again {
		t.Errorf("made %v, then %v\n%s\n%s", made, again, first, second)
	}
	var shape []string
	for line := range strings.Lines(first) {
		if k := strings.Index(line, `"rule"`); k >= 0 {
			line = line[k:]
		}
		if !strings.Contains(line, "key_check") {
			shape = append(shape, line)
		}
	}
	if got, want := strings.Join(shape, ""), `{
 "version": 1,
 "findings": [
"rule":"r","path":"-"},
"rule":"r","path":"a/x.ipynb"},
"rule":"s","path":"a/x.ipynb"},
"rule":"r","path":"b.ipynb"}
 ]
}
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	keys := read(t, filepath.Join(config, "nbseal", "baseline.key"))
	if strings.Count(keys, "nbseal-baseline-key-1-") != 1 || !strings.HasPrefix(keys, "# "+path+"\n") {
		t.Errorf("the keys are %q", keys)
	}
	for _, f := range list {
		if strings.Contains(first, string(f.Secret.Reveal())) {
			t.Error("the list holds a value")
		}
	}
	empty := accept(t, r)
	if _, err := baseline.Open(empty, r); err != nil {
		t.Errorf("an empty list: %v", err)
	}
}

// TestKeys: who has the key reads the list, nobody else does, and two baselines
// have two keys.
func TestKeys(t *testing.T) {
	alice, bob := t.TempDir(), t.TempDir()
	one, two := accept(t, ring(t, env(alice)), find("a", "r", "v")), accept(t, ring(t, env(alice)), find("a", "r", "v"))
	if line := strings.Split(read(t, one), "\n"); strings.Contains(read(t, two), line[2]) || strings.Contains(read(t, two), line[4]) {
		t.Error("two baselines have one key")
	}
	other := accept(t, ring(t, env(bob)), find("a", "r", "v"))
	for _, path := range []string{one, two} {
		if _, err := baseline.Open(path, ring(t, env(alice))); err != nil {
			t.Error(err)
		}
		for _, open := range []func() error{
			func() error { _, err := baseline.Open(path, ring(t, env(bob))); return err },
			func() error { _, err := baseline.Open(path, ring(t, env(t.TempDir()))); return err },
			func() error { _, err := baseline.Open(path, ring(t, func(string) string { return "" })); return err },
			func() error { _, _, err := baseline.Renew(path, ring(t, env(bob))); return err },
		} {
			if err := open(); !errors.Is(err, baseline.ErrNoKey) {
				t.Errorf("without the key: %v", err)
			}
		}
	}
	// The line is handed to a colleague, or to a job.
	file := filepath.Join(alice, "nbseal", "baseline.key")
	lines := strings.Split(read(t, file), "\n")
	b, err := baseline.Open(one, ring(t, env(bob, "NBSEAL_BASELINE_KEY", lines[1]+"\n")))
	if err != nil || !b.Has(find("x", "r", "v")) {
		t.Errorf("with the key in a variable: %v", err)
	}
	if _, err := baseline.Open(two, ring(t, env(bob, "NBSEAL_BASELINE_KEY_FILE", file))); err != nil {
		t.Error(err)
	}
	if _, err := baseline.Open(other, ring(t, env(bob, "NBSEAL_BASELINE_KEY_FILE", file))); !errors.Is(err, baseline.ErrNoKey) {
		t.Errorf("got %v", err)
	}
	// A key that is given is used for a new list, and kept nowhere else.
	config := t.TempDir()
	given := accept(t, ring(t, env(config, "NBSEAL_BASELINE_KEY", lines[1])), find("a", "r", "v"))
	if _, err := baseline.Open(given, ring(t, env(alice))); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(config, "nbseal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key was written: %v", err)
	}
	if _, _, err := baseline.Renew(filepath.Join(config, "n.json"), ring(t, func(string) string { return "" })); err == nil {
		t.Error("a key was made that is kept nowhere")
	}
}

func TestBadKeys(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	for content, want := range map[string]string{
		"":                          "no key",
		"# c\n\nhello":              "line 3: a key begins with",
		"nbseal-baseline-key-1-abc": "line 1: a key has 43 letters",
		"\nnbseal-baseline-key-1-" + strings.Repeat("A", 42) + "B": "line 2: a key has 43 letters",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := baseline.OpenKeyring(env(dir, "NBSEAL_BASELINE_KEY_FILE", path))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
	for _, more := range [][]string{{"NBSEAL_BASELINE_KEY", "x"}, {"NBSEAL_BASELINE_KEY_FILE", filepath.Join(dir, "none")}} {
		if _, err := baseline.OpenKeyring(env(dir, more...)); err == nil {
			t.Errorf("%v: no error", more)
		}
	}
}

// TestDamaged: what cannot be read whole is an error with its line, and is not
// written over.
func TestDamaged(t *testing.T) {
	r := ring(t, env(t.TempDir()))
	path := accept(t, r, find("a", "r", "one"), find("b", "r", "two"))
	good := read(t, path)
	lines := strings.SplitAfter(good, "\n")
	cut := func(n int) string { return strings.Join(lines[:n], "") }
	for _, test := range []struct{ src, want string }{
		{"", "line 1: the file ends"},
		{cut(5), "line 6: the file ends"},
		{cut(5) + "<<<<<<< HEAD\n" + lines[5] + ">>>>>>> x\n ]\n}\n", "line 6: it is not valid JSON"},
		{good + "x", "line 9: it is not valid JSON"},
		{good + "{}", "line 9: it is not valid JSON"},
		{strings.Replace(good, ": 1,", ": 2,", 1), "line 2: version 2"},
		{strings.Replace(good, ": 1,", `: "1",`, 1), "line 2: a value is of the wrong kind"},
		{strings.Replace(good, "version", "versions", 1), `line 2: "versions" is not known`},
		{lines[0] + lines[2] + strings.Join(lines[3:], ""), `"version" is missing`},
		{lines[0] + lines[1] + lines[1] + strings.Join(lines[2:], ""), "line 3: \"version\" stands there twice"},
		{strings.Replace(good, `"path":"`, `"note":"`, 1), "line 5: a key is not known"},
		{strings.Replace(good, `"rule":"r"`, `"rule":""`, 1), `line 5: "rule" is missing`},
		{strings.Replace(good, `{"fingerprint":"`, `{"fingerprint":"X`, 1), `line 5: "fingerprint" is not`},
		{strings.Replace(good, `"key_check": "`, `"key_check": "0`, 1), `line 3: "key_check" is not`},
		{"[]", `line 1: "{" was expected`},
		{`{"findings": {}}`, `line 1: "[" was expected`},
	} {
		if err := os.WriteFile(path, []byte(test.src), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := baseline.Open(path, r)
		var syntax *baseline.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s for\n%s", err, test.want, test.src)
		}
		if _, _, err := baseline.Renew(path, r); err == nil {
			t.Errorf("a damaged list is made anew:\n%s", test.src)
		}
	}
	// Lines in another order, or twice, as a merge leaves them.
	merged := strings.Join(lines[:4], "") + strings.TrimRight(lines[5], "\n") + ",\n" + lines[4] + strings.Join(lines[5:], "")
	if err := os.WriteFile(path, []byte(merged), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := baseline.Open(path, r); err != nil || b.Len() != 2 {
		t.Errorf("a merged list: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	r, err := baseline.OpenKeyring(env(dir))
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, "known.json")
	b, _, err := baseline.Renew(path, r)
	if err != nil {
		f.Fatal(err)
	}
	b.Add(find("a", "r", "v"))
	f.Add(b.Marshal())
	f.Add([]byte(`{"version":1,"findings":[]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		path := filepath.Join(t.TempDir(), "known.json")
		if err := os.WriteFile(path, src, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := baseline.Open(path, r)
		if err != nil {
			return
		}
		once := b.Marshal()
		if err := b.Write(path); err != nil {
			t.Fatal(err)
		}
		again, err := baseline.Open(path, r)
		if err != nil || !bytes.Equal(again.Marshal(), once) {
			t.Errorf("written and read again it differs: %v", err)
		}
	})
}

// TestNothingShown: no way of printing shows a key.
func TestNothingShown(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, env(dir))
	accept(t, r)
	line := strings.Split(read(t, filepath.Join(dir, "nbseal", "baseline.key")), "\n")[1]
	r = ring(t, env(dir))
	if s := fmt.Sprintf("%v %+v %#v", r, r, *r); strings.Contains(s, line[len(line)-43:]) {
		t.Error("a key is printed")
	}
}
