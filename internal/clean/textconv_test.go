package clean_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/finding"
)

func TestText(t *testing.T) {
	text := strings.Replace(notebooks["indent 1"], `"source": ["print(token)\n", "df"]`, `"source": ["t = '<6>'  # nbseal:ignore\n", "df"]`, 1)
	c := clean.New(clean.Options{Known: func(finding.Finding) bool { return true }})
	got, err := c.Text("a.ipynb", []byte(fill(text)))
	want := `=== cell 1 code
t = '` + marker + `'  # nbseal:ignore
df
--- metadata, 1 strings, 14f825b2
--- output 1 stream/stdout
token ` + marker + `
äöü 漢字 ä ` + marker + `
--- output 2 image/png, 12 bytes, 929e08d5
--- output 2 text/html, 35 bytes, ddaf297e
--- output 2 text/plain
'` + marker + `'
--- output 3 error/ename
ValueError
--- output 3 error/evalue
bad ` + marker + `
--- output 3 error/traceback
bad ` + marker + `
--- metadata, 4 strings, de2cd607
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwanted\n%s", err, got, want)
	}
}

func TestTextOfOtherFiles(t *testing.T) {
	c := clean.New(clean.Options{})
	for path, text := range map[string]string{
		"a.py": "# %%\nt = '<1>'\r\n", "a.txt": "\ufeff<1> and <2>", "empty.ipynb": "", "binary": "\x00<1>"[:1],
		"cut.ipynb":      code("t = '<1>'", stream, "{}")[:150],
		"conflict.ipynb": "<<<<<<< a\n" + code("t = '<1>'", stream, "{}") + "\n=======\n>>>>>>> b\n",
	} {
		got, err := c.Text(path, []byte(fill(text)))
		want := strings.NewReplacer("<1>", marker, "<2>", marker).Replace(text)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwanted\n%s", path, err, got, want)
		}
	}
	if got, err := c.Text("a.txt", wide(fill("t = '<1>'"))); err != nil || string(got) != "t = '"+marker+"'" {
		t.Errorf("UTF-16: %v, %q", err, got)
	}
	var unreadable *clean.Unreadable
	if _, err := c.Text("a.txt", []byte("\xff\xfe\x00\x00a\x00\x00\x00")); !errors.As(err, &unreadable) {
		t.Errorf("UTF-32: %v", err)
	}
}

// What is not shown as text still shows that it changed.
func TestTextTellsChanges(t *testing.T) {
	c := clean.New(clean.Options{})
	text := fill(notebooks["indent 1"])
	first, err := c.Text("a.ipynb", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for old, changed := range map[string]string{"iVBORw0KGgo=": "iVBORw0KGgo9", "<b>": "<i>", "Python 3": "Python 4", `"x"`: `"y"`} {
		got, err := c.Text("a.ipynb", []byte(strings.Replace(text, old, changed, 1)))
		if err != nil || string(got) == string(first) {
			t.Errorf("%s as %s: %v, the same text", old, changed, err)
		}
	}
	for old, same := range map[string]string{`"execution_count": 3`: `"execution_count": 4`, `"a1"`: `"b2"`} {
		got, err := c.Text("a.ipynb", []byte(strings.Replace(text, old, same, 1)))
		if err != nil || string(got) != string(first) {
			t.Errorf("%s as %s: %v, another text", old, same, err)
		}
	}
}
