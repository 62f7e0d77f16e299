package fix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/fix"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// vault is a real store.
type vault struct {
	*store.Store
	id *store.Identity
}

func newVault(t testing.TB) vault {
	t.Helper()
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "store"), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	return vault{s, id}
}

func (v vault) Holds(_ context.Context, name string, value secret.Value) (taken, same bool, err error) {
	has, err := v.Has(name)
	if err != nil || !has {
		return false, false, err
	}
	got, err := v.Get(name, v.id)
	return true, got.Equal(value), err
}

func (v vault) value(t *testing.T, name string) string {
	t.Helper()
	got, err := v.Get(name, v.id)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(got.Reveal())
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func random(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// fakes are credentials made for one test, by the word that stands for each.
func fakes(r *rand.Rand) map[string]string {
	return map[string]string{
		"OPENAI": "sk-proj-" + random(r, letters, 74) + "T3BlbkFJ" + random(r, letters, 74),
		"HF":     "hf_" + random(r, letters[:52], 34),
		"PASS":   random(r, letters, 6) + "-" + random(r, letters, 9) + "7",
		"HEX":    random(r, "0123456789abcdef", 40),
	}
}

func fill(s string, fake map[string]string) string {
	for word, value := range fake {
		s = strings.ReplaceAll(s, "<"+word+">", value)
	}
	return s
}

type cell struct {
	Type    string           `json:"cell_type"`
	Source  []string         `json:"source"`
	Meta    map[string]any   `json:"metadata"`
	Outputs []map[string]any `json:"outputs,omitempty"`
}

func notebookOf(t testing.TB, language string, cells ...cell) []byte {
	t.Helper()
	for i := range cells {
		if cells[i].Meta == nil {
			cells[i].Meta = map[string]any{}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(map[string]any{
		"cells": cells, "nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"language_info": map[string]any{"name": language}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func code(source string) cell {
	return cell{Type: "code", Source: strings.SplitAfter(source, "\n")}
}

// texts are the notebook's texts, a line each.
func texts(t *testing.T, src []byte) []string {
	t.Helper()
	nb, err := notebook.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	nb.Units(func(u *notebook.Unit) bool { out = append(out, string(u.Text)); return true })
	return out
}

func TestSources(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(1, 2)))
	for _, test := range []struct {
		name, source, want string
		stored             map[string]string
	}{
		{"assignment", `openai_api_key = "<OPENAI>"`, "import nbseal\nopenai_api_key = nbseal.get(\"OPENAI_API_KEY\")", map[string]string{"OPENAI_API_KEY": "<OPENAI>"}},
		{"keyword argument", `login(hf_token='<HF>', x=1)`, "import nbseal\nlogin(hf_token=nbseal.get(\"HF_TOKEN\"), x=1)", map[string]string{"HF_TOKEN": "<HF>"}},
		{"dict value", `d = {"password": "<PASS>", "a": 1}`, "import nbseal\nd = {\"password\": nbseal.get(\"PASSWORD\"), \"a\": 1}", map[string]string{"PASSWORD": "<PASS>"}},
		{"f-string", `h = f"{kind} <OPENAI>"`, "import nbseal\nh = f\"{kind} {nbseal.get('H')}\"", nil},
		{"part of a string", `headers = {"Authorization": "Bearer <OPENAI>"}`, "import nbseal\nheaders = {\"Authorization\": f\"Bearer {nbseal.get('OPENAI_PROJECT_KEY')}\"}", map[string]string{"OPENAI_PROJECT_KEY": "<OPENAI>"}},
		{"environment", `os.environ["HF_TOKEN"] = "<HF>"`, "import nbseal\nos.environ[\"HF_TOKEN\"] = nbseal.get(\"HF_TOKEN\")", map[string]string{"HF_TOKEN": "<HF>"}},
		{"magic", "%env HF_TOKEN=<HF>\nx = 1", "import nbseal\nnbseal.env(\"HF_TOKEN\")\nx = 1", map[string]string{"HF_TOKEN": "<HF>"}},
		{"import is there", "import os, nbseal\nhf_token = '<HF>'", "import os, nbseal\nhf_token = nbseal.get(\"HF_TOKEN\")", nil},
		{"comment", "x = 1  # hf_token = '<HF>'", "x = 1  # hf_token = '[nbseal:HF_TOKEN]'", map[string]string{"HF_TOKEN": "<HF>"}},
		{"twice", "hf_token = '<HF>'\nassert hf_token == '<HF>'", "import nbseal\nhf_token = nbseal.get(\"HF_TOKEN\")\nassert hf_token == nbseal.get(\"HF_TOKEN\")", map[string]string{"HF_TOKEN": "<HF>"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVault(t)
			src := notebookOf(t, "python", code(fill(test.source, fake)))
			plan, err := fix.Make(t.Context(), "nb.ipynb", src, v, new(fix.Names))
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Left) > 0 {
				t.Errorf("left: %v", plan.Left[0].Reason)
			}
			got := texts(t, plan.Bytes())[0]
			if test.name == "f-string" { // the name depends on the rule
				for _, f := range fake {
					if strings.Contains(got, f) {
						t.Error("the credential is still there")
					}
				}
			} else if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if err := plan.Store(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, word := range test.stored {
				if got := v.value(t, name); got != fill(word, fake) {
					t.Errorf("%s holds another value", name)
				}
			}
		})
	}
}

func TestConcatenationOverLines(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(3, 4)))
	token := fake["HF"]
	src := notebookOf(t, "python", code("hf_token = (\""+token[:20]+"\"\n            \""+token[20:]+"\")\nprint(1)"))
	v := newVault(t)
	plan, err := fix.Make(t.Context(), "nb.ipynb", src, v, new(fix.Names))
	if err != nil {
		t.Fatal(err)
	}
	got := texts(t, plan.Bytes())[0]
	if want := "import nbseal\nhf_token = (nbseal.get(\"HF_TOKEN\"))\nprint(1)"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := plan.Store(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v.value(t, "HF_TOKEN") != token {
		t.Error("another value is stored")
	}
}

func TestWholeNotebook(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(5, 6)))
	md := cell{Type: "markdown", Source: []string{fill("password: `<PASS>`\n", fake)}}
	first := code(fill("import os\nhf_token = '<HF>'\nprint(hf_token)", fake))
	first.Outputs = []map[string]any{
		{"output_type": "stream", "name": "stdout", "text": []string{fake["HF"][:10], fake["HF"][10:] + "\n"}},
		{"output_type": "stream", "name": "stderr", "text": fill("api_key=<HEX>\n", fake)},
	}
	shell := code(fill("!curl -H 'Authorization: Bearer <OPENAI>' https://example.org", fake))
	second := code(fill("again = '<HF>'", fake))
	second.Meta = map[string]any{"papermill": map[string]any{"parameters": map[string]any{"db_password": fake["PASS"]}}}
	src := notebookOf(t, "python", md, first, shell, second)

	v := newVault(t)
	path := filepath.Join(t.TempDir(), "nb.ipynb")
	if err := os.WriteFile(path, src, 0o640); err != nil {
		t.Fatal(err)
	}
	plan, err := fix.Make(t.Context(), path, src, v, new(fix.Names))
	if err != nil {
		t.Fatal(err)
	}
	var diff bytes.Buffer
	if err := plan.Diff(&diff); err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range fake {
		if name != "OPENAI" && bytes.Contains(out, []byte(value)) {
			t.Errorf("%s is still in the notebook", name)
		}
		if strings.Contains(diff.String(), value) {
			t.Errorf("%s is in the diff", name)
		}
	}
	if len(plan.Left) != 1 || plan.Left[0].Finding.Location.Place.Cell != 3 || plan.Left[0].Reason == "" {
		t.Errorf("left: %+v", plan.Left)
	}
	if n := bytes.Count(out, []byte("import nbseal")); n != 1 {
		t.Errorf("nbseal is imported %d times", n)
	}
	if !strings.Contains(strings.Join(texts(t, out), "\n"), "[nbseal:HF_TOKEN]\n") {
		t.Error("the output that was split over two writes is not redacted by name")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	again, err := fix.Make(t.Context(), path, out, v, new(fix.Names))
	if err != nil || again.Changed() || len(again.Moved)+len(again.Gone) > 0 {
		t.Errorf("a second run would change something: %+v %+v %v", again.Moved, again.Gone, err)
	}
}

func TestNames(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(7, 8)))
	other := fakes(rand.New(rand.NewPCG(9, 9)))
	v := newVault(t)
	if err := v.Put(t.Context(), "HF_TOKEN", secret.New([]byte(other["HF"]))); err != nil {
		t.Fatal(err)
	}
	src := notebookOf(t, "python", code(fill("hf_token = '<HF>'", fake)), code(fill("hfToken = '<HF>'", other)))
	plan, err := fix.Make(t.Context(), "nb.ipynb", src, v, new(fix.Names))
	if err != nil {
		t.Fatal(err)
	}
	got := texts(t, plan.Bytes())
	if !strings.Contains(got[0], `"HF_TOKEN_2"`) || !strings.Contains(got[1], `"HF_TOKEN"`) {
		t.Errorf("got %q", got[:2])
	}
}

func TestOtherLanguage(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(10, 11)))
	src := notebookOf(t, "R", code(fill("password <- '<PASS>'", fake)))
	plan, err := fix.Make(t.Context(), "nb.ipynb", src, newVault(t), new(fix.Names))
	if err != nil {
		t.Fatal(err)
	}
	if plan.Changed() || len(plan.Left) != 1 {
		t.Errorf("changed %v, left %+v", plan.Changed(), plan.Left)
	}
}

func TestChangedMeanwhile(t *testing.T) {
	fake := fakes(rand.New(rand.NewPCG(12, 13)))
	src := notebookOf(t, "python", code(fill("hf_token = '<HF>'", fake)))
	path := filepath.Join(t.TempDir(), "nb.ipynb")
	newer := append(bytes.Clone(src), '\n')
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	plan, err := fix.Make(t.Context(), path, src, newVault(t), new(fix.Names))
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err == nil {
		t.Error("a file that had changed was overwritten")
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, newer) {
		t.Error("the newer file is gone")
	}
}

// FuzzMake: whatever the cells, the result parses, a second run does nothing,
// no stored value is left, and units without a credential stay as they were.
func FuzzMake(f *testing.F) {
	f.Add("x = 1\n", "password = '<PASS>'\n", uint64(1))
	f.Add("if a:\n  login('<HF>', key=\"<HEX>\")\n", "# token: <OPENAI>", uint64(2))
	f.Add("%%time\nurl = 'postgresql://u:<PASS>@h/d'", "d = {'api_key': '''<HEX>'''}", uint64(3))
	f.Add("f'{x}<HF>{y}'", "b'<HF>' r'<HF>' \"<HF>\"", uint64(4))
	f.Fuzz(func(t *testing.T, one, two string, seed uint64) {
		fake := fakes(rand.New(rand.NewPCG(seed, 1)))
		untouched := code("y = 2\r\nz = \"\u00e9\"")
		src := notebookOf(t, "python", code(fill(one, fake)), untouched, code(fill(two, fake)))
		v := newVault(t)
		plan, err := fix.Make(t.Context(), "nb.ipynb", src, v, new(fix.Names))
		if err != nil {
			t.Fatal(err)
		}
		out := plan.Bytes()
		if got := texts(t, out)[1]; got != "y = 2\r\nz = \"\u00e9\"" {
			t.Errorf("an innocent cell became %q", got)
		}
		if err := plan.Store(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, err := fix.Make(t.Context(), "nb.ipynb", out, v, new(fix.Names))
		if err != nil {
			t.Fatal(err)
		}
		if again.Changed() {
			t.Errorf("a second run changes it again:\n%s", show(again))
		}
		if len(again.Left) > len(plan.Left) {
			t.Errorf("a second run finds more: %d, %d before", len(again.Left), len(plan.Left))
		}
	})
}

func show(p *fix.Plan) string {
	var b strings.Builder
	if err := p.Diff(&b); err != nil {
		return fmt.Sprint(err)
	}
	return b.String()
}
