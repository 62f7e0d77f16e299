package clean_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/ruleset"
)

const marker = "[nbseal:huggingface-token]"

// notebooks hold credentials that are redacted; nothing but them may change.
var notebooks = map[string]string{
	"indent 1": `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": 3,
   "id": "a1",
   "metadata": {"tags": ["x"]},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "token <1>\n",
      "äöü 漢字 \u00e4 <2>"
     ]
    },
    {
     "data": {
      "image/png": "iVBORw0KGgo=",
      "text/html": ["<b>&quot;<3>&quot;</b>"],
      "text/plain": ["'<3>'"]
     },
     "execution_count": 3,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "ename": "ValueError",
     "evalue": "bad <4>",
     "output_type": "error",
     "traceback": ["\u001b[0;31mbad\u001b[0m <4>"]
    }
   ],
   "source": ["print(token)\n", "df"]
  }
 ],
 "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "colab": {"secret": "<5>"}},
 "nbformat": 4,
 "nbformat_minor": 5
}
`,
	"one line": `{"cells":[{"cell_type":"code","execution_count":null,"metadata":{},"outputs":[{"name":"stdout","output_type":"stream","text":"<1>"}],"source":"x"}],"metadata":{},"nbformat":4,"nbformat_minor":4}`,
	"v3":       `{"metadata":{"name":""},"nbformat":3,"nbformat_minor":0,"worksheets":[{"cells":[{"cell_type":"code","collapsed":false,"input":["x"],"language":"python","metadata":{},"outputs":[{"output_type":"pyout","prompt_number":1,"text":["<1>"],"html":"<p><2></p>"},{"output_type":"stream","stream":"stdout","text":"<3>"}],"prompt_number":1}],"metadata":{}}]}`,
	"widgets and vendors": `{"cells":[{"cell_type":"code","execution_count":1,"metadata":{"vscode":{"languageId":"python"},"colab":{"base_uri":"x"},"application/vnd.databricks.v1+cell":{"title":"<4>"}},"outputs":[],"source":["x"]}],
  "metadata":{"widgets":{"application/vnd.jupyter.widget-state+json":{"1a":{"model_name":"PasswordModel","state":{"description":"Token","value":"<1>"}}}},"application/vnd.databricks.v1+notebook":{"widgets":{"t":{"currentValue":"<2>"}}},"instance_type":"ml.t3.medium"},"nbformat":4,"nbformat_minor":4}`,
	"joined streams": `{"cells":[{"cell_type":"code","execution_count":1,"metadata":{},"source":"x","outputs":[{"output_type":"stream","name":"stdout","text":"<1A>"},{"output_type":"stream","name":"stdout","text":["<1B>\n"]}]}],"metadata":{},"nbformat":4,"nbformat_minor":4}`,
}

func variants(text string) map[string]string {
	return map[string]string{
		"as it is": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "BOM": "\ufeff" + text,
		"no line end": strings.TrimSuffix(text, "\n"), "line ends": text + "\n\n",
		"tabs":     strings.ReplaceAll(text, "\n ", "\n\t"),
		"indent 4": strings.ReplaceAll(text, "\n ", "\n    "),
	}
}

func TestRedact(t *testing.T) {
	for name, text := range notebooks {
		for form, text := range variants(text) {
			whole := token(1)
			text = strings.NewReplacer("<1A>", whole[:20], "<1B>", whole[20:]).Replace(text)
			want := strings.NewReplacer("<1>", marker, "<2>", marker, "<3>", marker, "<4>", marker, "<5>", marker, whole[:20], marker, whole[20:], "").Replace(text)
			got, res := run(t, clean.New(clean.Options{}), "a.ipynb", fill(text))
			if got != want {
				t.Errorf("%s, %s:\n%s\nwanted\n%s", name, form, got, want)
			}
			if len(res.Redacted) == 0 || res.Stripped || res.Warning != "" || res.Redacted[0].Secret.Len() > 0 {
				t.Errorf("%s, %s: %+v", name, form, res)
			}
		}
	}
}

func code(source, outputs, metadata string) string {
	return fmt.Sprintf(`{"cells":[{"cell_type":"code","execution_count":7,"metadata":%s,"outputs":[%s],"source":%q}],"metadata":{},"nbformat":4,"nbformat_minor":4}`, metadata, outputs, source)
}

const stream = `{"name":"stdout","output_type":"stream","text":"<1>"}`

func TestBlocked(t *testing.T) {
	for _, test := range []struct {
		path, src string
		settings  clean.Settings
		want      string
	}{
		{"a.ipynb", code("a = 1\nt = '<1>'", "", "{}"), clean.Settings{}, "a.ipynb holds a credential that cannot go into git: cell 1, line 2, huggingface-token"},
		{"a.ipynb", code("t = '<1>'\nu = '<2>'", stream, "{}"), clean.Settings{}, "a.ipynb holds 2 credentials that cannot go into git: cell 1, line 1, huggingface-token; cell 1, line 2, huggingface-token"},
		{"a.ipynb", code("x", stream, "{}"), set(t, "outputs", "keep"), "a.ipynb holds a credential that cannot go into git: cell 1, output 1, line 1, huggingface-token"},
		{"a.py", "# %%\nx = 1\n# %%\nt = '<1>'\n", clean.Settings{}, "a.py holds a credential that cannot go into git: cell 2, line 1, huggingface-token"},
		{"a.txt", "\n\nt = '<1>'\n", clean.Settings{}, "a.txt holds a credential that cannot go into git: line 3, huggingface-token"},
		{"a.md", "---\njupytext:\n  t: <1>\n---\n\n```{code-cell}\nx\n```\n", clean.Settings{}, "a.md holds a credential that cannot go into git: the notebook's metadata, line 3 of the file, huggingface-token"},
		{"a.ipynb", "<<<<<<< HEAD\n" + code("t = '<1>'", "", "{}") + "\n=======\n{}\n>>>>>>> b\n", clean.Settings{}, "a.ipynb holds a credential that cannot go into git: line 2, huggingface-token"},
	} {
		_, err := with(test.settings).Clean(test.path, []byte(fill(test.src)))
		var blocked *clean.Blocked
		if !errors.As(err, &blocked) || err.Error() != test.want || blocked.Hint() == "" {
			t.Errorf("%v, wanted %s", err, test.want)
			continue
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", err, blocked.Findings), token(1)[5:]) || blocked.Findings[0].Secret.Len() > 0 {
			t.Error("the error holds the credential")
		}
	}
}

func TestLeftAlone(t *testing.T) {
	known := clean.New(clean.Options{Known: func(f finding.Finding) bool { return string(f.Secret.Reveal()) == token(1) }})
	for _, test := range []struct {
		c         *clean.Cleaner
		path, src string
	}{
		{clean.New(clean.Options{}), "a.ipynb", code("t = '<1>'  # nbseal:ignore", "", "{}")},
		{clean.New(clean.Options{}), "a.txt", "t = '<1>'  # nbseal:ignore"},
		{known, "a.ipynb", code("t = '<1>'", stream, `{"k":"<1>"}`)},
		{clean.New(clean.Options{}), "binary", "\x00<1>"},
		{clean.New(clean.Options{}), "empty.ipynb", ""},
		{clean.New(clean.Options{}), "blank.ipynb", "\n \r\n"},
	} {
		src := []byte(fill(test.src))
		res, err := test.c.Clean(test.path, src)
		if err != nil || len(res.Bytes) != len(src) || len(src) > 0 && &res.Bytes[0] != &src[0] {
			t.Errorf("%s: %v, %+v", test.path, err, res.Redacted)
		}
	}
	if _, err := known.Clean("a.ipynb", []byte(fill(code("t = '<2>'", "", "{}")))); err == nil {
		t.Error("a credential passes that is not known")
	}
}

func TestSourceRedact(t *testing.T) {
	c := with(set(t, "source", "redact"))
	for path, text := range map[string]string{
		"a.ipynb": code("t = '<1>'", stream, "{}"), "a.py": "# %%\nt = '<1>'\n", "a.txt": "t = <1>\n",
		"a.md": "---\njupytext:\n  t: <1>\n---\n\n```{code-cell}\nx\n```\n",
	} {
		if got, _ := run(t, c, path, fill(text)); got != strings.ReplaceAll(text, "<1>", marker) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// wide is text in UTF-16.
func wide(text string) []byte {
	out := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestUnreadable(t *testing.T) {
	for name, src := range map[string]string{
		"cut off": code("x", "", "{}")[:60], "no notebook": `{"a": 1}`, "two": code("x", "", "{}") + "{}", "UTF-16": string(wide(code("x", "", "{}"))), "UTF-32": "\xff\xfe\x00\x00a\x00\x00\x00",
		"zero bytes": "\x00\x00",
	} {
		_, err := clean.New(clean.Options{}).Clean("a.ipynb", []byte(src))
		var unreadable *clean.Unreadable
		if !errors.As(err, &unreadable) || !strings.HasPrefix(err.Error(), "a.ipynb: ") || unreadable.Hint() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// As text it is read, but no marker is put into it.
	if _, err := with(set(t, "source", "redact")).Clean("a.txt", wide("t = 1")); err != nil {
		t.Error(err)
	}
	var blocked *clean.Blocked
	if _, err := with(set(t, "source", "redact")).Clean("a.txt", wide(fill("t = '<1>'"))); !errors.As(err, &blocked) {
		t.Error(err)
	}
	_, err := with(set(t, "outputs", "strip")).Clean("a.ipynb", []byte(code("x", stream, `{"keep_output":false,"tags":["keep_output"]}`)))
	if err == nil || err.Error() != "a.ipynb: cell 1: its metadata says that keep_output is false, its tags say keep_output" {
		t.Error(err)
	}
}

func TestConflict(t *testing.T) {
	text := "{\"cells\":[\n<<<<<<< HEAD\n {\"cell_type\":\"raw\",\"metadata\":{},\"source\":\"a\"}\n=======\n {}\n>>>>>>> branch\n],\"metadata\":{},\"nbformat\":4,\"nbformat_minor\":4}\n"
	for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
		src := []byte(text)
		res, err := with(set(t, "like", "nbstripout")).Clean("a.ipynb", src)
		if err != nil || &res.Bytes[0] != &src[0] || !strings.Contains(res.Warning, "conflict markers from line 2 on") {
			t.Errorf("%v, %q", err, res.Warning)
		}
	}
	if _, err := clean.New(clean.Options{}).Clean("a.ipynb", []byte(strings.ReplaceAll(text, "=======\n", ""))); err == nil {
		t.Error("half a conflict passes")
	}
}

// A user's rule that finds the markers must not go on for ever, nor pass.
func TestRuleThatFindsMarkers(t *testing.T) {
	rules, err := ruleset.Load("rules.toml", []byte("[[rules]]\nid = \"seal\"\nregex = '''nbseal:[a-z-]+|hf_\\w+'''\n"), ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = clean.New(clean.Options{Rules: rules}).Clean("a.ipynb", []byte(fill(code("x", stream, "{}"))))
	var unreadable *clean.Unreadable
	if !errors.As(err, &unreadable) {
		t.Error(err)
	}
}

func TestAttachments(t *testing.T) {
	cell := func(mime, data string) string {
		return `{"cells":[{"cell_type":"markdown","metadata":{},"attachments":{"a":{"` + mime + `":"` + data + `"}},"source":"x"}],"metadata":{},"nbformat":4,"nbformat_minor":4}`
	}
	text := fill(cell("text/plain", "token <1>"))
	if got, _ := run(t, clean.New(clean.Options{}), "a.ipynb", text); !strings.Contains(got, "token "+marker) {
		t.Error(got)
	}
	_, err := clean.New(clean.Options{}).Clean("a.ipynb", bytes.ReplaceAll([]byte(text), []byte("token "+token(1)), base64Of("the token is "+token(1)+" ")))
	var blocked *clean.Blocked
	if !errors.As(err, &blocked) || blocked.Hint() != "remove the attachment" {
		t.Error(err)
	}
}

// A value that its surroundings give away once is redacted everywhere.
func TestValueWithoutContext(t *testing.T) {
	value := "Regen-" + token(1)[3:12] + "-7" // no form of a token; its name tells
	out := func(text string) string {
		return `{"name":"stdout","output_type":"stream","text":["` + text + `"]}`
	}
	text := `{"cells":[{"cell_type":"code","metadata":{},"source":"show()","outputs":[` + out("VALUE and VALUE") + `]},` +
		`{"cell_type":"code","metadata":{"note":"VALUE"},"source":"conf","outputs":[` + out("{'db_password': 'VALUE'}") + `]}],"metadata":{}}`
	want := strings.ReplaceAll(text, "VALUE", "[nbseal:generic-password]")
	got, res := run(t, clean.New(clean.Options{}), "a.ipynb", strings.ReplaceAll(text, "VALUE", value))
	if got != want || len(res.Redacted) != 4 {
		t.Errorf("%s\nwanted\n%s\n%d redacted", got, want, len(res.Redacted))
	}
}
