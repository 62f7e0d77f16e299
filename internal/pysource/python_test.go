package pysource_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/pysource"
)

// The interpreter that the tests compare with, and where it keeps its library.
const (
	python    = "/usr/bin/python3"
	libraries = "/usr/lib/python3.*"
)

// runPython runs a script of testdata with in as JSON on stdin and decodes the
// JSON values that it writes.
func runPython[T any](t *testing.T, script string, in any) []T {
	t.Helper()
	stdin, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", script))
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", python, script, err, stderr.Bytes())
	}
	var all []T
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// library lists at most n files of Python's own library, spread over it.
func library(t *testing.T, n int) []string {
	t.Helper()
	dirs, err := filepath.Glob(libraries)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".py") {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(paths)
	if len(paths) < n {
		t.Fatalf("%d Python files below %s, want at least %d", len(paths), libraries, n)
	}
	picked := make([]string, n)
	for i := range picked {
		picked[i] = paths[i*len(paths)/n]
	}
	return picked
}

type pyFile struct {
	Path     string
	Text     string
	Literals []struct {
		Start, End int
		Value      any
	}
}

func (f *pyFile) UnmarshalJSON(b []byte) error {
	var raw struct {
		Path, Text string
		Literals   [][3]any
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	f.Path, f.Text = raw.Path, raw.Text
	for _, l := range raw.Literals {
		f.Literals = append(f.Literals, struct {
			Start, End int
			Value      any
		}{int(l[0].(float64)), int(l[1].(float64)), l[2]})
	}
	return nil
}

// TestAgainstTokenize compares the spans and the values of all string literals
// in a part of Python's own library with what Python says.
func TestAgainstTokenize(t *testing.T) {
	files := runPython[pyFile](t, "literals.py", library(t, 250))
	var literals, values int
	for _, f := range files {
		tokens, err := pysource.Lex(f.Text)
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
			continue
		}
		covers(t, f.Text, tokens)
		tokens = slices.DeleteFunc(tokens, func(t pysource.Token) bool { return t.Kind != pysource.String })
		if len(tokens) != len(f.Literals) {
			t.Errorf("%s: %d literals, Python finds %d", f.Path, len(tokens), len(f.Literals))
			continue
		}
		offsets := runeOffsets(f.Text)
		for i, want := range f.Literals {
			got := tokens[i]
			if got.Start != offsets[want.Start] || got.End != offsets[want.End] {
				t.Errorf("%s: literal %d is at %d-%d, Python has %d-%d", f.Path, i, got.Start, got.End, offsets[want.Start], offsets[want.End])
				break
			}
			literals++
			if checkValue(t, f.Path, got, want.Value) {
				values++
			}
		}
	}
	t.Logf("%d files, %d literals, %d values compared", len(files), literals, values)
	if len(files) < 240 || literals < 20000 || values < 19000 {
		t.Errorf("compared %d files, %d literals, %d values only", len(files), literals, values)
	}
}

func checkValue(t *testing.T, path string, tok pysource.Token, want any) bool {
	t.Helper()
	got, err := tok.Value()
	var unsupported *pysource.UnsupportedError
	if want == nil {
		if lit := tok.Literal; err == nil && !lit.Format {
			t.Errorf("%s: the literal at %d has a value, Python's is no text", path, tok.Start)
		}
		return false
	}
	if errors.As(err, &unsupported) && strings.HasPrefix(unsupported.What, `\N`) {
		return false
	}
	if err != nil {
		t.Errorf("%s: literal at %d: %v", path, tok.Start, err)
		return false
	}
	value, ok := want.(string)
	if list, isList := want.([]any); isList {
		var b []byte
		for _, n := range list {
			b = append(b, byte(n.(float64)))
		}
		value, ok = string(b), true
	}
	if !ok || got != value {
		t.Errorf("%s: literal at %d has the value %q, Python's is %q", path, tok.Start, got, value)
	}
	return true
}

// runeOffsets maps the index of each code point to its offset in bytes.
func runeOffsets(s string) []int {
	var at []int
	for i := range s {
		at = append(at, i)
	}
	return append(at, len(s))
}

// covers checks that tokens cover every byte of src in order.
func covers(t *testing.T, src string, tokens []pysource.Token) {
	t.Helper()
	at := 0
	for _, tok := range tokens {
		if tok.Start != at || tok.End <= tok.Start {
			t.Fatalf("token at %d-%d after %d", tok.Start, tok.End, at)
		}
		at = tok.End
	}
	if at != len(src) {
		t.Fatalf("tokens end at %d of %d", at, len(src))
	}
}

// TestRewriteLibrary takes literals of Python's own library, or parts of them,
// for credentials, and compares the syntax trees before and after.
func TestRewriteLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var cases []pyCase
	reasons := map[string]int{}
	planned := 0
	for _, f := range runPython[pyFile](t, "literals.py", library(t, 120)) {
		tokens, err := pysource.Lex(f.Text)
		if err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		creds := someCreds(random, f.Text, tokens)
		res := pysource.Rewrite(f.Text, creds)
		values := map[string]string{}
		for i, o := range res.Outcomes {
			if o.Reason != "" {
				reasons[o.Reason]++
				continue
			}
			values[creds[i].Name] = string(o.Value.Reveal())
			planned++
		}
		after := apply(t, f.Text, res)
		if toks, err := pysource.Lex(after); err != nil {
			t.Errorf("%s: after rewriting: %v", f.Path, err)
		} else {
			covers(t, after, toks)
		}
		at, text, needed := pysource.ImportEdit(f.Text)
		if !needed {
			t.Fatalf("%s: imports nbseal", f.Path)
		}
		cases = append(cases, pyCase{f.Path, f.Text, after, values})
		cases = append(cases, pyCase{f.Path + ", imported", f.Text, f.Text[:at] + text + f.Text[at:], map[string]string{}})
	}
	for _, p := range runPython[pyProblem](t, "equivalent.py", cases) {
		t.Errorf("%s: %s", p.Name, p.Problem)
	}
	t.Logf("%d credentials rewritten in %d files; refused: %v", planned, len(cases)/2, reasons)
	if planned < 3000 || len(cases) < 220 {
		t.Errorf("%d credentials in %d files only", planned, len(cases)/2)
	}
}

// someCreds takes about every third literal: as a whole, in part, in two parts,
// or together with the next.
func someCreds(random *rand.Rand, src string, tokens []pysource.Token) []pysource.Cred {
	var creds []pysource.Cred
	cut := func(from, to int) int { // a place between code points, not after a backslash
		for at := from + random.IntN(to-from+1); at > from; at-- {
			if src[at-1] != '\\' && utf8.RuneStart(src[at]) {
				return at
			}
		}
		return from
	}
	var last *pysource.Cred
	for _, tok := range tokens {
		if tok.Kind != pysource.String {
			if tok.Kind == pysource.Op {
				last = nil
			}
			continue
		}
		from, to := tok.Literal.ContentStart, tok.Literal.ContentEnd
		if to-from < 2 {
			continue
		}
		whole := pysource.Range{Start: from, End: to}
		switch n := random.IntN(9); {
		case last != nil && n < 5:
			last.Ranges = append(last.Ranges, whole)
			continue
		case n < 2:
			creds = append(creds, pysource.Cred{Ranges: []pysource.Range{whole}})
		case n < 4:
			creds = append(creds, pysource.Cred{Ranges: []pysource.Range{{Start: cut(from, to-1), End: to}}})
		case n < 6:
			a := max(from+1, cut(from, to-1))
			b := cut(a, to-1)
			creds = append(creds, pysource.Cred{Ranges: []pysource.Range{{Start: from, End: a}}}, pysource.Cred{Ranges: []pysource.Range{{Start: b, End: to}}})
		default:
			last = nil
			continue
		}
		last = &creds[len(creds)-1]
	}
	for i := range creds {
		creds[i].Name = fmt.Sprintf("NAME_%d", i)
	}
	return creds
}
