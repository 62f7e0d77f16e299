package scan_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

func (r *recorder) Risk(f finding.Risk) error {
	cell := 0
	if p := f.Location.Place; p != nil {
		cell = p.Cell
	}
	r.lines = append(r.lines, fmt.Sprintf("%s:%d:%d cell %d %s %s", filepath.ToSlash(f.Location.Path), f.Location.Line, f.Location.Column, cell, f.Rule, f.Name))
	return r.fail
}

func TestRisks(t *testing.T) {
	parameters := bytes.Replace(notebook(t, "db_password = ''", "hf_token = '"+token(2)+"'\nprint(hf_token)"), []byte(`"metadata":{}`), []byte(`"metadata":{"tags":["x","parameters"]}`), 1)
	injected := bytes.Replace(parameters, []byte(`"parameters"`), []byte(`"injected-parameters"`), 1)
	for _, test := range []struct {
		name    string
		content []byte
		want    []string
		silent  int
	}{
		{"a.ipynb", notebook(t, "import os\nkey = os.environ['OPENAI_API_KEY']", "x = 1\nprint(key)\nhf = '"+token(1)+"'\nlogging.info(key)"), []string{
			"a.ipynb:2:7 cell 2 risk-print-secret key",
			"a.ipynb:3:7 cell 2 source huggingface-token",
			"a.ipynb:4:14 cell 2 risk-log-secret key",
		}, 0},
		{"ignored.ipynb", notebook(t, "print(api_key) # nbseal:ignore\nprint(api_key) # nbseal:ignore risk-print-secret\nprint(api_key) # nbseal:ignore huggingface-token"), []string{
			"ignored.ipynb:3:7 cell 1 risk-print-secret api_key",
		}, 2},
		{"magic.ipynb", notebook(t, "%%bash\nprintenv", "%%capture\nprint(api_key)", "%%writefile a.py\nprint(api_key)", "%%R\nprint(api_key)"), []string{
			"magic.ipynb:2:1 cell 1 risk-show-environment ",
		}, 0},
		{"parameters.ipynb", parameters, []string{
			"parameters.ipynb:1:15 cell 1 risk-parameter-secret db_password",
			"parameters.ipynb:1:13 cell 2 source huggingface-token",
			"parameters.ipynb:2:7 cell 2 risk-print-secret hf_token",
		}, 0},
		{"injected.ipynb", injected, []string{
			"injected.ipynb:1:13 cell 2 source huggingface-token",
			"injected.ipynb:2:7 cell 2 risk-print-secret hf_token",
		}, 0},
		{"r.ipynb", bytes.Replace(notebook(t, "print(api_key)"), []byte(`"metadata":{},"nbformat"`), []byte(`"metadata":{"kernelspec":{"language":"R"}},"nbformat"`), 1), nil, 0},
		{"percent.py", []byte("# %% tags=[\"parameters\"]\ndb_password = ''\n# %% tags=[\"parameters-not\"]\napi_key = ''\n# %%\nprint(db_password)\n# !printenv\n"), []string{
			"percent.py:1:15 cell 1 risk-parameter-secret db_password",
			"percent.py:2:1 cell 3 risk-show-environment ",
		}, 0},
		{"myst.md", []byte("---\nkernelspec:\n  name: python3\n---\n\n```{code-cell} ipython3\n---\ntags:\n- parameters\n---\ndb_password = ''\n```\n\n```{code-cell} ipython3\n:tags: [parameters]\n\ndb_password = ''\n```\n"), []string{
			"myst.md:1:15 cell 1 risk-parameter-secret db_password",
			"myst.md:2:15 cell 2 risk-parameter-secret db_password",
		}, 0},
		{"quarto.qmd", []byte("---\ntitle: x\n---\n\n```{python}\n#| tags: [parameters]\ndb_password = ''\n```\n\n```{bash}\nprint(api_key)\n```\n"), []string{
			"quarto.qmd:2:15 cell 1 risk-parameter-secret db_password",
		}, 0},
		{"plain.py", []byte("print(api_key)\n"), nil, 0},
		{"broken.ipynb", notebook(t, "print(api_key", "x = (", "print(api_key)"), []string{
			"broken.ipynb:1:7 cell 1 risk-print-secret api_key",
			"broken.ipynb:1:7 cell 3 risk-print-secret api_key",
		}, 0},
	} {
		dir := t.TempDir()
		write(t, dir, test.name, test.content)
		r := new(recorder)
		s, err := scan.Paths(t.Context(), []string{dir}, scan.Options{Risks: true, Jobs: 1}, r)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(test.name, func(t *testing.T) { r.want(t, dir, test.want...) })
		if s.Risks+s.Findings != len(test.want) || s.Suppressed != test.silent || !s.Complete {
			t.Errorf("%s: summary %+v", test.name, s)
		}
		// Without being asked for they are not there, and change nothing.
		if _, s := paths(t, scan.Options{}, dir); s.Risks != 0 {
			t.Errorf("%s: summary %+v", test.name, s)
		}
	}
}
