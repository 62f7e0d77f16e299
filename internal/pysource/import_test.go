package pysource_test

import (
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/pysource"
)

// TestImportEdit marks with | where the import goes.
func TestImportEdit(t *testing.T) {
	tests := []struct{ src, text string }{
		{"|x = 1\n", "import nbseal\n"},
		{"|", "import nbseal\n"},
		{"|# a comment\nx = 1\r\ny", "import nbseal\n"},
		{"|x = 1\r\ny", "import nbseal\r\n"},
		{"|x = 1\ry", "import nbseal\r"},
		{"#@title Login\n|x = 1\n", "import nbseal\n"},
		{"# %% one\n# -*- x\n|x = 1\n", "import nbseal\n"},
		{"#@title Login|", ""},
		{"%%time\n|x = 1\n", "import nbseal\n"},
		{"\n %%capture\n\n%%time x\n|x = 1\n", "import nbseal\n"},
		{"%%time|", "\nimport nbseal"},
		{"|%matplotlib inline\nx = 1", "import nbseal\n"},
		{"|# c\n%%time\nx = 1", "import nbseal\n"},
		{"'''doc'''\n# c\n\nfrom __future__ import annotations  # c\n|x = 1\n", "import nbseal\n"},
		{"from __future__ import (\n a,\n b)\nfrom __future__ import c;\n|x", "import nbseal\n"},
		{"from __future__ import a; from __future__ import b;| x = 1\n", " import nbseal;"},
		{"from __future__ import a|", "\nimport nbseal"},
		{"%%time\r\nfrom __future__ import a|", "\r\nimport nbseal"},
		{"|  x = 1\n  y = 2\n", "  import nbseal\n"},
		{"\ufeff|x = 1\n", "import nbseal\n"},
		{"|import nbseal as n, x\nfrom nbseal import get\n", "import nbseal\n"},
		{"|def f():\n  import nbseal\n", "import nbseal\n"},
		{"|try: import nbseal\nexcept: pass\n", "import nbseal\n"},
		{"|if x: y; import nbseal\n", "import nbseal\n"},
		{"|k = 'abc'\nimport nbseal\n", "import nbseal\n"},
		{"|%env A=b\nimport nbseal\n", "import nbseal\n"},
		{"|import x.nbseal, nbsealed\nfrom x import nbseal\n", "import nbseal\n"},
		{"|import nbseal.x as nbseal\n", "import nbseal\n"},
		{"import nbseal\n", ""},
		{"# c\n%matplotlib inline\nimport os, nbseal\nk = 'abc'", ""},
		{"import os; import nbseal.x, y", ""},
		{"import os as o, nbseal as nbseal", ""},
		{"  import os\n  import nbseal\n", ""},
		{"%%time\nimport nbseal\n", ""},
		{"import \\\n nbseal", ""},
		{"%%bash\nls", ""},
		{"x = 'abc", ""},
	}
	for _, test := range tests {
		before, after, _ := strings.Cut(test.src, "|")
		at, text, needed := pysource.ImportEdit(before + after)
		want := test.text
		if strings.HasPrefix(test.src, "#@title Login|") {
			before, want = "", "import nbseal\n" // there is no second line to go to
		}
		if needed != (want != "") || needed && (at != len(before) || text != want) {
			t.Errorf("%q: %d, %q, %v; want %d, %q", test.src, at, text, needed, len(before), want)
		}
	}
}
