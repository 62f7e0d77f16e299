package scan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

// recorder keeps events as lines.
type recorder struct {
	lines []string
	fail  error
}

func (r *recorder) Finding(f finding.Finding, fingerprint string) error {
	where := ""
	if p := f.Location.Place; p != nil {
		where = fmt.Sprintf(" cell %d %s", p.Cell, p.Where)
	}
	r.lines = append(r.lines, fmt.Sprintf("%s:%d:%d%s %s", filepath.ToSlash(f.Location.Path), f.Location.Line, f.Location.Column, where, f.Rule))
	if len(fingerprint) != 32 {
		return errors.New("no fingerprint")
	}
	return r.fail
}

func (r *recorder) Unread(u finding.Unread) error {
	r.lines = append(r.lines, "unread "+filepath.ToSlash(u.Path)+": "+u.Reason)
	return r.fail
}

const lower = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// token makes a Hugging Face token that nobody issued.
func token(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 7))
	b := []byte("hf_")
	for range 34 {
		b = append(b, lower[r.IntN(len(lower))])
	}
	return string(b)
}

func notebook(t *testing.T, sources ...string) []byte {
	t.Helper()
	var cells []map[string]any
	for _, s := range sources {
		cells = append(cells, map[string]any{"cell_type": "code", "metadata": map[string]any{}, "source": strings.SplitAfter(s, "\n"), "outputs": []any{}})
	}
	b, err := json.Marshal(map[string]any{"cells": cells, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 4})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func paths(t *testing.T, opt scan.Options, list ...string) (*recorder, finding.Summary) {
	t.Helper()
	r := new(recorder)
	s, err := scan.Paths(t.Context(), list, opt, r)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

func (r *recorder) want(t *testing.T, dir string, lines ...string) {
	t.Helper()
	got := strings.ReplaceAll(strings.Join(r.lines, "\n"), filepath.ToSlash(dir)+"/", "")
	if want := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOrderAndCounts(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.ipynb", notebook(t, "x = 1", "y = 2\nhf_token = '"+token(1)+"'\nz = '"+token(2)+"'"))
	write(t, dir, "a/z.py", []byte("hf_token = '"+token(3)+"'\n"))
	write(t, dir, "a.txt", []byte("nothing here\n"))
	write(t, dir, "image.bin", []byte("PNG\x00"+token(4)))
	write(t, dir, ".git/config", []byte(token(5)))
	write(t, dir, "env/pyvenv.cfg", []byte(token(6)))
	write(t, dir, ".ipynb_checkpoints/b-checkpoint.ipynb", notebook(t, "hf_token = '"+token(7)+"'"))
	want := []string{
		".ipynb_checkpoints/b-checkpoint.ipynb:1:13 cell 1 source huggingface-token",
		"a/z.py:1:13 huggingface-token",
		"b.ipynb:2:13 cell 2 source huggingface-token",
		"b.ipynb:3:6 cell 2 source huggingface-token",
	}
	for _, jobs := range []int{1, 2, 7} {
		r, s := paths(t, scan.Options{Jobs: jobs}, dir, filepath.Join(dir, "b.ipynb"))
		r.want(t, dir, want...)
		if s.Files != 4 || s.Notebooks != 2 || s.Findings != 4 || s.Skipped != 3 || !s.Complete || s.ByRule["huggingface-token"] != 4 {
			t.Errorf("summary %+v", s)
		}
	}
}

func TestUnread(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "cut.ipynb", notebook(t, "hf_token = '"+token(1)+"'")[:120])
	write(t, dir, "empty.ipynb", nil)
	write(t, dir, "one.ipynb", []byte("{"))
	write(t, dir, "other.ipynb", []byte(`{"a": "`+token(2)+`"}`))
	write(t, dir, "wide.txt", []byte("\xff\xfe\x00\x00h\x00\x00\x00"))
	r, s := paths(t, scan.Options{}, dir, filepath.Join(dir, "missing.ipynb"))
	const far = " (its text was scanned as far as it goes)"
	r.want(t, dir,
		"cut.ipynb:1:13 huggingface-token",
		"unread cut.ipynb: line 1, column 121: not valid JSON: the file ends in the middle of it"+far,
		"unread empty.ipynb: line 1, column 1: not valid JSON: the file is empty"+far,
		"unread one.ipynb: line 1, column 2: not valid JSON: the file ends in the middle of it"+far,
		"other.ipynb:1:1 huggingface-token",
		"unread other.ipynb: not a notebook: it has no list of cells"+far,
		"unread wide.txt: it is UTF-32 text, which is not read; convert it to UTF-8",
	)
	if s.Complete || s.Unread != 5 {
		t.Errorf("summary %+v", s)
	}
	r, s = paths(t, scan.Options{}, filepath.Join(dir, "missing.ipynb"))
	r.want(t, dir, "unread missing.ipynb: no such file or directory")
	if s.Complete || s.Files != 0 {
		t.Errorf("summary %+v", s)
	}
}

func TestForms(t *testing.T) {
	plain := string(notebook(t, "a = 1\nhf_token = '"+token(1)+"'"))
	for name, src := range map[string]string{
		"BOM":              "\xef\xbb\xbf" + plain,
		"CRLF file":        strings.ReplaceAll(plain, `"cells"`, "\r\n\"cells\""),
		"source as string": strings.Replace(plain, `["a = 1\n","hf_token = '`+token(1)+`'"]`, `"a = 1\nhf_token = '`+token(1)+`'"`, 1),
		"invalid UTF-8":    strings.Replace(plain, "a = 1", "a = '\xff\xfe'", 1),
		"version 3": `{"nbformat":3,"metadata":{},"worksheets":[{"cells":[{"cell_type":"code","language":"python","input":["a = 1\n","hf_token = '` +
			token(1) + `'"],"outputs":[]}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "n.ipynb", []byte(src))
			r, s := paths(t, scan.Options{}, dir)
			r.want(t, dir, "n.ipynb:2:13 cell 1 source huggingface-token")
			if s.Notebooks != 1 {
				t.Error("it was not read as a notebook")
			}
		})
	}
}

// TestJSON: a file that is JSON is read string by string; lines and columns are
// the file's, and its bytes hold the value.
func TestJSON(t *testing.T) {
	password, key := "Herbst-"+"41-Qabcd", "a1"+strings.Repeat("7d05", 7)+"e2"
	export := `{"name": "é", "commands": [{"command": "import os\npassword = \"` + password + `\"\n"}],` + "\n" +
		`"key": {"username": "bob", "key": "` + key + `"}, "db": "postgres:\/\/u:Qx\u00376\/tz9@h\/d"}`
	for name, src := range map[string]string{
		"export.json": export, "lines.ndjson": export + "\n{}\n", "bom.txt": "\xef\xbb\xbf" + export,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, name, []byte(src))
			var got wholes
			if _, err := scan.Paths(t.Context(), []string{dir}, scan.Options{Excerpts: true}, &got); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, f := range got.findings {
				l := f.Location
				lines = append(lines, fmt.Sprintf("%d:%d %s %s as %s", l.Line, l.Column, f.Rule, f.Secret.Reveal(), src[l.Offset:][:l.Length]))
			}
			want := []string{
				"1:65 generic-password " + password + " as " + password,
				"2:36 kaggle-key " + key + " as " + key,
				`2:94 postgresql-url Qx76/tz9 as Qx\u00376\/tz9`,
			}
			if !slices.Equal(lines, want) {
				t.Fatalf("got %q", lines)
			}
			if e := got.findings[0].Excerpt; e.Line != 1 || !slices.Equal(e.Lines, []string{`password = "…"`}) {
				t.Errorf("excerpt %+v", e)
			}
		})
	}
}

// TestEncodings: positions are in the file's own bytes, whatever they are.
func TestEncodings(t *testing.T) {
	wide := func(s string) []byte {
		out := []byte("\xff\xfe")
		for _, c := range utf16.Encode([]rune(s)) {
			out = binary.LittleEndian.AppendUint16(out, c)
		}
		return out
	}
	dir := t.TempDir()
	files := map[string][]byte{
		"a.txt":    wide("é\r\n😀 hf_token = '" + token(1) + "'\r\n"),
		"b.ipynb":  wide(string(notebook(t, "x = 1\nhf_token = '"+token(2)+"'\nprint(hf_token)"))),
		"c.json":   wide(`{"a": "x\ny = '` + token(3) + `'"}`),
		"d.py":     wide("# %%\nhf_token = '" + token(4) + "'\n"),
		"e.latin1": []byte("caf\xe9\nstra\xdfe: hf_token = '" + token(5) + "'\n"),
	}
	for name, src := range files {
		write(t, dir, name, src)
	}
	var got wholes
	sum, err := scan.Paths(t.Context(), []string{dir}, scan.Options{Risks: true}, &got)
	if err != nil || !sum.Complete || len(got.findings) != 5 || sum.Risks != 1 || sum.Notebooks != 2 {
		t.Fatalf("%+v, %v", sum, err)
	}
	for i, place := range []string{"2:15 2:31", "2:13 1:", "1:16 1:33", "1:13 2:25", "2:21 2:21"} {
		l, value := got.findings[i].Location, string(got.findings[i].Secret.Reveal())
		raw := files[filepath.Base(l.Path)][l.Offset:][:l.Length]
		if want := wide(value)[2:]; i < 4 && !bytes.Equal(raw, want) || i == 4 && string(raw) != value {
			t.Errorf("%+v is %q", l, raw)
		}
		if at := fmt.Sprintf("%d:%d %d:%d", l.Line, l.Column, l.FileLine, l.FileColumn); !strings.HasPrefix(at, place) {
			t.Errorf("%s: at %s, want %s", l.Path, at, place)
		}
	}
}

// TestOtherNotebooks: notebooks of other programs are read cell by cell.
func TestOtherNotebooks(t *testing.T) {
	for name, src := range map[string]string{
		"note.zpln": `{"paragraphs": [{"text": "%md\nx"}, {"text": "%python\nhf_token = \"` + token(1) + `\""}]}`,
		"p.jl": "### A Pluto.jl notebook ###\n\n# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01\nx = 1\n" +
			"# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a02\ny = 1\nhf_token = \"" + token(1) + "\"\n",
		"s.R":   "#' text\n#+ options\n\nhf_token = '" + token(1) + "'\n",
		"n.dib": "#!markdown\nx\n#!csharp\n\nhf_token = \"" + token(1) + "\";\n",
		"d.sql": "-- Databricks notebook source\nSELECT 1\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC hf_token = '" + token(1) + "'\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, name, []byte(src))
			r, s := paths(t, scan.Options{}, dir)
			r.want(t, dir, name+":2:13 cell 2 source huggingface-token")
			if s.Notebooks != 1 {
				t.Error("it was not read as a notebook")
			}
		})
	}
}

func TestStdin(t *testing.T) {
	r, s := paths(t, scan.Options{Stdin: bytes.NewReader(notebook(t, "hf_token = '"+token(1)+"'"))}, "-")
	r.want(t, "", "-:1:13 cell 1 source huggingface-token")
	if s.Notebooks != 1 {
		t.Error("it was not read as a notebook")
	}
	r, _ = paths(t, scan.Options{Stdin: strings.NewReader("hf_token=" + token(1))}, "-")
	r.want(t, "", "-:1:10 huggingface-token")
}

func TestHandlerErrorStops(t *testing.T) {
	dir := t.TempDir()
	for i := range 50 {
		write(t, dir, fmt.Sprintf("%02d.txt", i), []byte("hf_token="+token(uint64(i))))
	}
	r := &recorder{fail: errors.New("disk full")}
	s, err := scan.Paths(t.Context(), []string{dir}, scan.Options{}, r)
	if !errors.Is(err, r.fail) || s.Complete {
		t.Errorf("%v, complete %v", err, s.Complete)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	write(t, dir, "a.txt", []byte("x"))
	s, err := scan.Paths(ctx, []string{dir}, scan.Options{}, new(recorder))
	if !errors.Is(err, context.Canceled) || s.Complete {
		t.Errorf("%v, complete %v", err, s.Complete)
	}
}

// TestLarge reads a notebook of 100 MB, most of it one image, and one whose
// text nests 9,000 levels deep.
func TestLarge(t *testing.T) {
	dir := t.TempDir()
	image := bytes.Repeat([]byte("iVBORw0KGgoA"), 100<<20/12)
	var b bytes.Buffer
	b.WriteString(`{"cells":[{"cell_type":"code","source":"plot()","outputs":[{"output_type":"display_data","metadata":{},"data":{"image/png":"`)
	b.Write(image)
	fmt.Fprintf(&b, `"}}]},{"cell_type":"code","source":"hf_token = '%s'","outputs":[]}],"metadata":{},"nbformat":4}`, token(1))
	write(t, dir, "large.ipynb", b.Bytes())
	deep := `{"cells":[{"cell_type":"code","source":"hf_token = '` + token(2) + `'","metadata":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) + `}]}`
	write(t, dir, "deep.ipynb", []byte(deep))
	b.Reset()
	image = nil

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, s := paths(t, scan.Options{Jobs: 1}, dir)
	runtime.ReadMemStats(&after)
	r.want(t, dir, "deep.ipynb:1:13 cell 1 source huggingface-token", "large.ipynb:1:13 cell 2 source huggingface-token")
	if !s.Complete {
		t.Errorf("summary %+v", s)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 3*100<<20 {
		t.Errorf("%d MB were allocated for a file of 100 MB", used>>20)
	}
}

func TestManyFindingsInOneLine(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	const n = 5000
	for i := range n {
		fmt.Fprintf(&b, "%s ", token(uint64(i)))
	}
	write(t, dir, "n.ipynb", notebook(t, b.String()))
	if _, s := paths(t, scan.Options{}, dir); s.Findings != n {
		t.Errorf("%d of %d found", s.Findings, n)
	}
}

// FuzzRead: whatever a file holds, a scan ends, and calls it clean only if it
// could be read.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"cells":[{"cell_type":"code","source":["password = 'x'"]}]}`))
	f.Add([]byte(`{"cells":[{"cell_type":"code","outputs":[{"output_type":"stream","text":["\u001b[0m"]}]}]`))
	f.Add([]byte("\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, src []byte) {
		path := filepath.Join(t.TempDir(), "f.ipynb")
		if err := os.WriteFile(path, src, 0o600); err != nil {
			t.Fatal(err)
		}
		r := new(recorder)
		s, err := scan.Paths(t.Context(), []string{path}, scan.Options{Jobs: 1}, r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Complete != (s.Unread == 0) || s.Complete && s.Notebooks != 1 {
			t.Errorf("summary %+v", s)
		}
		for _, line := range r.lines {
			if strings.Contains(line, "internal error") {
				t.Error(line)
			}
		}
	})
}

// TestShownValue: an output that holds nothing but the value of a name that the
// cell shows, and a widget's value, which its description names.
func TestShownValue(t *testing.T) {
	dir := t.TempDir()
	value := token(9)[3:]
	write(t, dir, "n.ipynb", []byte(`{"cells":[{"cell_type":"code","source":["api_key = load()\n","print(api_key)"],"outputs":[`+
		`{"output_type":"stream","name":"stdout","text":["`+value+`\n"]}]}],"metadata":{"widgets":{"state":{"w":`+
		`{"description":"API key","value":"`+value+`"}}}},"nbformat":4}`))
	r, _ := paths(t, scan.Options{}, dir)
	r.want(t, dir, "n.ipynb:1:1 cell 0 metadata generic-api-key", "n.ipynb:1:1 cell 1 output generic-api-key")
}
