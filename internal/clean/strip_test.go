package clean_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
)

const full = `{
 "cells": [
  {
   "attachments": {
    "i.png": {
     "image/png": "iVBORw0KGgo="
    }
   },
   "cell_type": "markdown",
   "id": "aa11",
   "metadata": {
    "collapsed": true,
    "tags": [
     "a",
     "drop"
    ]
   },
   "source": []
  },
  {
   "cell_type": "code",
   "execution_count": 4,
   "id": "bb22",
   "metadata": {
    "ExecuteTime": {
     "end_time": "x"
    },
    "scrolled": true
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "hello\n"
     ]
    },
    {
     "name": "stderr",
     "output_type": "stream",
     "text": [
      "a longer warning, of some length\n"
     ]
    },
    {
     "data": {
      "text/plain": [
       "1"
      ]
     },
     "execution_count": 4,
     "metadata": {},
     "output_type": "execute_result"
    }
   ],
   "source": [
    "print('hello')\n",
    "1"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 5,
   "id": "cc33",
   "metadata": {
    "keep_output": true
   },
   "outputs": [
    {
     "data": {
      "text/plain": [
       "2"
      ]
     },
     "execution_count": 5,
     "metadata": {},
     "output_type": "execute_result"
    }
   ],
   "source": [
    "2"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "dd44",
   "metadata": {
    "execution": {},
    "init_cell": true,
    "jupyter": {
     "outputs_hidden": true,
     "source_hidden": true
    },
    "tags": [
     "keep_output"
    ]
   },
   "outputs": [
    {
     "ename": "E",
     "evalue": "e",
     "output_type": "error",
     "traceback": [
      "tb"
     ]
    }
   ],
   "source": [
    "  \n",
    " "
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Python 3",
   "language": "python",
   "name": "python3"
  },
  "language_info": {
   "name": "python",
   "version": "3.11.7"
  },
  "widgets": {
   "state": {}
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`

// reference removes what nbstripout 0.8 and nb-clean 4 remove, in Python upon
// nbformat, and writes as they write: the rules are theirs, see
// https://github.com/kynan/nbstripout and https://github.com/srstevenson/nb-clean.
const reference = `
import json, sys, warnings, nbformat
warnings.simplefilter("ignore")
def pop(d, key):
    head, _, tail = key.partition(".")
    if key in d: del d[key]
    elif tail and isinstance(d.get(head), dict): pop(d[head], tail)
def size(x):
    if isinstance(x, str): return len(x)
    if isinstance(x, list): return sum(map(size, x))
    if isinstance(x, dict): return size(list(x.values()))
    return len(str(x))
def keeps(cell):
    m = cell.metadata
    if "init_cell" in m: return bool(m.init_cell) and not opt.get("strip-init-cells")
    if "keep_output" in m or "keep_output" in m.get("tags", []): return bool(m.get("keep_output")) or "keep_output" in m.get("tags", [])
    return opt["keep"]
def of(o, types): return any(o.output_type == t.split(":")[0] and (":" not in t or o.get("name") == t.split(":")[1]) for t in types)
def strip(nb):
    for k in opt.get("strip-keys", []):
        if k.startswith("metadata."): pop(nb.metadata, k[len("metadata."):])
    if opt.get("drop-empty-cells"): nb.cells = [c for c in nb.cells if c.source.strip()]
    nb.cells = [c for c in nb.cells if not set(opt.get("drop-tagged-cells", [])) & set(c.metadata.get("tags", []))]
    for i, c in enumerate(nb.cells):
        if "outputs" in c:
            types = opt.get("keep-output-types", [])
            if not keeps(c) or types:
                c.outputs = [o for o in c.outputs if 0 < size(o) <= opt.get("max-output", 0) or of(o, types)]
            if opt.get("strip-counts"):
                for o in c.outputs:
                    if "execution_count" in o: o.execution_count = None
            c.outputs = [o for o in c.outputs if not of(o, opt.get("drop-output-types", []))]
        if "execution_count" in c and opt.get("strip-counts"): c.execution_count = None
        if "id" in c and opt.get("strip-ids"): c.id = str(i)
        for k in opt.get("strip-keys", []):
            if k.startswith("cell."): pop(c, k[len("cell."):])
        if opt.get("strip-cell-metadata"):
            stay = opt.get("keep-cell-metadata", []) + ["keep_output", "init_cell"]
            c.metadata = nbformat.from_dict({k: v for k, v in c.metadata.items() if k in stay or k == "tags" and "keep_output" in v})
    if opt.get("strip-notebook-metadata"): nb.metadata = nbformat.from_dict({})
    return nbformat.writes(nb) + "\n"
out = []
for opt in json.loads(sys.argv[2]):
    out.append(strip(nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)))
print(json.dumps(out))
`

// like are settings, and what the reference is told for each.
var like = []struct {
	settings []any
	told     map[string]any
}{
	{[]any{"like", "nbstripout"}, map[string]any{"strip-counts": true, "strip-ids": true, "strip-keys": stripoutKeys}},
	{[]any{"like", "nb-clean"}, map[string]any{"strip-counts": true, "strip-cell-metadata": true, "strip-keys": []string{"metadata.language_info.version"}}},
	{[]any{"outputs", "strip"}, nil},
	{[]any{"strip-counts", true}, map[string]any{"keep": true}},
	{[]any{"strip-ids", true, "drop-empty-cells", true}, map[string]any{"keep": true}},
	{[]any{"drop-tagged-cells", []string{"drop"}, "strip-ids", true}, map[string]any{"keep": true}},
	{[]any{"drop-tagged-cells", []string{"drop", "keep_output"}, "drop-empty-cells", true}, map[string]any{"keep": true}},
	{[]any{"outputs", "strip", "strip-init-cells", true}, nil},
	{[]any{"outputs", "strip", "max-output", 40}, nil},
	{[]any{"outputs", "strip", "keep-output-types", []string{"stream:stderr", "error"}}, nil},
	{[]any{"drop-output-types", []string{"stream"}, "strip-counts", true}, map[string]any{"keep": true}},
	{[]any{"strip-cell-metadata", true, "keep-cell-metadata", []string{"tags", "jupyter"}}, map[string]any{"keep": true}},
	{[]any{"strip-notebook-metadata", true}, map[string]any{"keep": true}},
	{[]any{"strip-keys", []string{"metadata.kernelspec.language", "metadata.widgets", "cell.metadata.jupyter.source_hidden", "cell.attachments.i.png", "metadata.none.x"}}, map[string]any{"keep": true}},
}

var stripoutKeys = []string{
	"metadata.signature", "metadata.widgets", "cell.metadata.collapsed", "cell.metadata.ExecuteTime", "cell.metadata.execution",
	"cell.metadata.heading_collapsed", "cell.metadata.hidden", "cell.metadata.scrolled",
}

// A notebook that Jupyter has written comes out as Jupyter would write it.
func TestStripIsWhatJupyterWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.ipynb")
	if err := os.WriteFile(path, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	var options []map[string]any
	for _, l := range like {
		told := map[string]any{"keep": false}
		for i := 0; i < len(l.settings); i += 2 {
			told[l.settings[i].(string)] = l.settings[i+1]
		}
		maps.Copy(told, l.told)
		options = append(options, told)
	}
	argument, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python(t), "-c", reference, path, string(argument))
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil || len(want) != len(like) {
		t.Fatalf("%v: %s", err, out)
	}
	for i, l := range like {
		if got, _ := run(t, with(set(t, l.settings...)), "a.ipynb", full); got != want[i] {
			t.Errorf("%v:\n%s\nwanted\n%s", l.settings, got, want[i])
		}
	}
}

// python is an interpreter that has nbformat.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3", "python"} {
		if exec.CommandContext(t.Context(), name, "-c", "import nbformat").Run() == nil {
			return name
		}
	}
	t.Fatal("no Python with nbformat: apt install python3-nbformat, or pip install nbformat")
	return ""
}

func TestStripKeepsForm(t *testing.T) {
	for name, test := range map[string]struct {
		settings clean.Settings
		in, out  string
	}{
		"one line": {set(t, "like", "nbstripout"),
			`{"cells":[{"outputs":[{"output_type":"stream","name":"stdout","text":"x"}],"cell_type":"code","id":"q","execution_count":1,"metadata":{"a":1,"collapsed":false},"source":""}],"metadata":{"widgets":{},"b":2},"nbformat":4,"nbformat_minor":5}`,
			`{"cells":[{"outputs":[],"cell_type":"code","id":"0","execution_count":null,"metadata":{"a":1},"source":""}],"metadata":{"b":2},"nbformat":4,"nbformat_minor":5}`},
		"spaces": {set(t, "strip-keys", []string{"metadata.a", "metadata.c"}),
			"\ufeff{\r\n\t\"metadata\" : {  \"a\" : 1 ,\r\n\t\t\"b\" : 2 ,  \"c\":3 } , \"cells\" : [ ],\"nbformat\":4}",
			"\ufeff{\r\n\t\"metadata\" : {  \"b\" : 2 } , \"cells\" : [ ],\"nbformat\":4}"},
		"version 3": {set(t, "outputs", "strip", "strip-counts", true),
			`{"worksheets":[{"cells":[{"cell_type":"code","input":"x","prompt_number":2,"outputs":[{"output_type":"pyout"}]}]},{"cells":[{"cell_type":"code","prompt_number":3,"outputs":[]}]}],"nbformat":3}`,
			`{"worksheets":[{"cells":[{"cell_type":"code","input":"x","prompt_number":null,"outputs":[]}]},{"cells":[{"cell_type":"code","prompt_number":null,"outputs":[]}]}],"nbformat":3}`},
		"all cells": {set(t, "drop-empty-cells", true), "{\"cells\": [\n  {\"cell_type\":\"raw\",\"source\":\" \\n\"}\n ], \"nbformat\":4}", `{"cells": [], "nbformat":4}`},
		"keep-keys": {set(t, "like", "nbstripout", "outputs", "redact", "keep-keys", []string{"metadata.widgets"}),
			`{"cells":[],"metadata":{"signature":"s","widgets":{}}}`, `{"cells":[],"metadata":{"widgets":{}}}`},
		"what the notebook says": {set(t, "outputs", "strip"),
			`{"cells":[{"outputs":[{"output_type":"stream"}]},{"metadata":{"keep_output":false},"outputs":[{"output_type":"stream"}]}],"metadata":{"keep_output":true}}`,
			`{"cells":[{"outputs":[{"output_type":"stream"}]},{"metadata":{"keep_output":false},"outputs":[]}],"metadata":{"keep_output":true}}`},
		"what a cell says": {clean.Settings{},
			`{"cells":[{"outputs":[{"output_type":"stream"}]},{"metadata":{"keep_output":0},"outputs":[{"output_type":"stream"}]}],"metadata":{}}`,
			`{"cells":[{"outputs":[{"output_type":"stream"}]},{"metadata":{"keep_output":0},"outputs":[]}],"metadata":{}}`},
		"nothing to do": {set(t, "like", "nbstripout"), `{"cells":[{"outputs":[ ],"id":"0","execution_count":null,"metadata":{ }}],"metadata":{}}`, `{"cells":[{"outputs":[ ],"id":"0","execution_count":null,"metadata":{ }}],"metadata":{}}`},
		"steering keys stay": {set(t, "like", "nb-clean", "strip-notebook-metadata", true),
			`{"cells":[{"metadata":{"tags":["keep_output"],"x":1},"outputs":[{"output_type":"stream"}]}],"metadata":{"keep_output":true,"a":1}}`,
			`{"cells":[{"metadata":{"tags":["keep_output"]},"outputs":[{"output_type":"stream"}]}],"metadata":{"keep_output":true}}`},
	} {
		if got, _ := run(t, with(test.settings), "a.ipynb", test.in); got != test.out {
			t.Errorf("%s:\n%s\nwanted\n%s", name, got, test.out)
		}
	}
}

// What goes needs no marker and refuses nothing; what stays is redacted.
func TestStripAndRedact(t *testing.T) {
	in := `{"cells":[{"outputs":[{"output_type":"stream","name":"stdout","text":"<1>"}],"metadata":{"a":"<4>","b":"<5>"},"source":"x"},` +
		`{"metadata":{"keep_output":true},"outputs":[{"output_type":"stream","name":"stdout","text":"<2>"},{"output_type":"error","ename":"<6>"}],"source":"y"},` +
		`{"metadata":{"tags":["drop"]},"source":"t = '<3>'"}],"metadata":{}}`
	want := `{"cells":[{"outputs":[],"metadata":{"b":"` + marker + `"},"source":"x"},` +
		`{"metadata":{"keep_output":true},"outputs":[{"output_type":"stream","name":"stdout","text":"` + marker + `"}],"source":"y"}],"metadata":{}}`
	s := set(t, "outputs", "strip", "drop-tagged-cells", []string{"drop"}, "strip-keys", []string{"cell.metadata.a"}, "drop-output-types", []string{"error"})
	got, res := run(t, with(s), "a.ipynb", fill(in))
	if got != want || len(res.Redacted) != 2 || !res.Stripped || strings.Contains(got, "hf_") {
		t.Errorf("%s\nwanted\n%s\n%d redacted", got, want, len(res.Redacted))
	}
}
