package transfer

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"

	"github.com/nbseal/nbseal/internal/secret"
)

func pairs(all ...string) []Pair {
	var list []Pair
	for i := 0; i < len(all); i += 2 {
		list = append(list, Pair{all[i], secret.New([]byte(all[i+1]))})
	}
	return list
}

// hostile makes values of the characters that readers of .env files fight over.
func hostile(t *testing.T, n int) []Pair {
	t.Helper()
	alphabet := []rune("aA1 '\"\\$`{}#=!%\n\tn;&|<>*?~é€()-@:")
	draw := func(n int) int {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			t.Fatal(err)
		}
		return int(i.Int64())
	}
	var list []Pair
	for i := 0; len(list) < n; i++ {
		var b strings.Builder
		for range 1 + draw(12) {
			b.WriteRune(alphabet[draw(len(alphabet))])
		}
		p := Pair{fmt.Sprintf("V%d", i), secret.New([]byte(b.String()))}
		if _, err := Export(Dotenv, []Pair{p}); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// TestDotenvIsReadByAll has every reader read what is written, and nothing else.
func TestDotenvIsReadByAll(t *testing.T) {
	list := append(hostile(t, 1500), pairs(
		"PLAIN", "x", "EMPTY", "", "JSON", `{"private_key": "-----BEGIN\nx\n", "n": 1}`, "PEM", "a\nb\nc\n", "QUOTE", "it's", "BOTH", `a'b"c`, "URL", "postgres://"+strings.Join([]string{"u", "p$w"}, ":")+"@h/d?x=`y`#z",
		"BACK", `a\\b`, "NUM", "007", "HASH", "a # b", "SPACES", "  a  ", "QUOTES", `"a"`, "DOLLAR", "$HOME$(id)`id`", "N", `\n`, "NN", `\\n'`)...)
	content, err := Export(Dotenv, list)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), ".env")
	if err := WriteFile(path, content, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, p := range list {
		want[p.Name] = string(p.Value.Reveal())
	}
	check := func(reader string, got map[string]string) {
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s reads %s as %q, want %q", reader, name, got[name], value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s reads %d, want %d", reader, len(got), len(want))
		}
	}

	ours, err := Read(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := values(ours)
	got["EMPTY"] = ""
	for _, skip := range ours.Skipped { // such as "---"
		if skip.Key != "EMPTY" && strings.Contains(skip.Why, "placeholder") {
			got[skip.Key] = want[skip.Key]
		}
	}
	check("nbseal", got)

	theirs := map[string]string{}
	if err := json.Unmarshal(python(t, `import sys, json, dotenv
print(json.dumps(dotenv.dotenv_values(sys.argv[1])))`, nil, path), &theirs); err != nil {
		t.Fatal(err)
	}
	check("python-dotenv", theirs)

	if theirs, err = godotenv.Read(path); err != nil {
		t.Fatal(err)
	}
	check("godotenv", theirs)

	for _, shell := range []string{"dash", "bash"} {
		cmd := exec.CommandContext(t.Context(), shell, "-c", `set -a; . "$1"; exec env -0`, shell, path)
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		theirs = map[string]string{}
		for _, entry := range strings.Split(string(out), "\x00") {
			name, value, _ := strings.Cut(entry, "=")
			if _, ours := want[name]; ours {
				theirs[name] = value
			}
		}
		check(shell, theirs)
	}
}

func TestExportRefuses(t *testing.T) {
	for _, test := range []struct {
		format      Format
		name, value string
		want        error
	}{
		{Dotenv, "a/b", "x", ErrName}, {Dotenv, "a-b", "x", ErrName}, {Dotenv, "", "x", ErrName}, {Dotenv, "1", "x", ErrName}, {Dotenv, "A\nB", "x", ErrName},
		{Dotenv, "A", "${B}", ErrValue}, {Dotenv, "A", "a\x00", ErrValue}, {Dotenv, "A", "a\r\n", ErrValue}, {Dotenv, "A", "\xff", ErrValue},
		{Dotenv, "A", `a\`, ErrValue}, {Dotenv, "A", "it's $5", ErrValue}, {Dotenv, "A", `it's "`, ErrValue},
		{JSON, "A", "\xff", ErrValue}, {JSON, "\xff", "x", ErrName}, {YAML, "A", "x", ErrFormat},
	} {
		_, err := Export(test.format, pairs(test.name, test.value))
		if !errors.Is(err, test.want) {
			t.Errorf("%s %q %q: %v", test.format, test.name, test.value, err)
		}
	}
	if _, err := Export(JSON, pairs("A", "1", "A", "2")); !errors.Is(err, ErrName) {
		t.Error(err)
	}
}

func TestWriteFile(t *testing.T) {
	path := write(t, "out", "old")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, secret.New([]byte("new")), false); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if err := WriteFile(path, secret.New([]byte("new")), true); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "new" || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%q, mode %v", data, info.Mode())
	}
}

func TestJSONForPython(t *testing.T) {
	all := []string{"a/b", "x<>&\u2028\"\\\n\x00é\U0001F600", "empty", "", "k\"", "v\ufffd"}
	content, err := Export(JSON, pairs(all...))
	if err != nil {
		t.Fatal(err)
	}
	got := python(t, `import sys, json
d = json.load(sys.stdin); print(json.dumps([x for kv in d.items() for x in kv]))`, content.Reveal())
	var list []string
	if err := json.Unmarshal(got, &list); err != nil || fmt.Sprintf("%q", list) != fmt.Sprintf("%q", all) {
		t.Errorf("%v: %q", err, list)
	}
}

// TestFernetForPython runs the lines that the documentation gives.
func TestFernetForPython(t *testing.T) {
	value := rand.Text()
	token, key, err := ExportFernet(pairs("DB_PASSWORD", value), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/spec/transfer.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := bytes.Cut(doc, []byte("```python\n"))
	code, _, closed := bytes.Cut(code, []byte("```"))
	if lines := bytes.Count(code, []byte("\n")); !ok || !closed || lines != 5 {
		t.Fatalf("the documentation has %d lines of Python", lines)
	}
	dir := t.TempDir()
	if err := WriteFile(filepath.Join(dir, "mycreds.enc"), token, false); err != nil {
		t.Fatal(err)
	}
	// On a terminal the key is typed; here getpass is given it.
	script := "import os, sys, getpass; os.chdir(sys.argv[1]); getpass.getpass = lambda *a: sys.stdin.read()\n" +
		string(code) + "\nprint(creds['DB_PASSWORD'])"
	out := python(t, script, key.Reveal(), dir)
	if strings.TrimSpace(string(out)) != value {
		t.Error("Python reads something else")
	}
}

// FuzzRoundTrip: what is written is read again, or refused.
func FuzzRoundTrip(f *testing.F) {
	for _, v := range []string{"a", "it's", `a\"b\\`, "l1\nl2", "$x `y`", "${", " a ", "#", "\ufeff", "\x85", "a\u00a0"} {
		f.Add("NAME", v, "x")
	}
	f.Fuzz(func(t *testing.T, name, one, two string) {
		list := pairs(name, one, "OTHER", two)
		for _, format := range []Format{Dotenv, JSON} {
			content, err := Export(format, list)
			if err != nil {
				continue
			}
			s, err := Parse(t.Context(), "f", content.Reveal(), Options{Format: format})
			if err != nil {
				if bytes.IndexByte(content.Reveal(), 0) < 0 {
					t.Fatalf("%s: %v", format, err)
				}
				continue
			}
			for i, want := range list {
				v := want.Value.Reveal()
				if len(v) == 0 || len(v) > MaxValue || placeholder(v) {
					continue
				}
				found := false
				for _, it := range s.Items {
					found = found || it.Value.Equal(want.Value) && (it.Name == want.Name || nameOf(want.Name) != want.Name || strings.EqualFold(name, "OTHER"))
				}
				if !found {
					t.Fatalf("%s: value %d of %q is not read again", format, i, content.Reveal())
				}
			}
		}
	})
}
