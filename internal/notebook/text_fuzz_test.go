package notebook_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/nbseal/nbseal/internal/notebook"
)

func texts(t *notebook.Text) (list []string) {
	t.Units(func(u *notebook.Unit) bool { list = append(list, string(u.Text)); return true })
	return list
}

// TestNotText: ordinary files are no notebooks.
func TestNotText(t *testing.T) {
	for _, test := range []struct{ file, src string }{
		{"a.py", ""},
		{"a.py", "import os\n\n# a comment\nx = '# %% not at the start'\n"},
		{"a.py", "# %%bash\n# a magic in a comment\n"},
		{"a.py", "x = 100 %% 3\n"},
		{"a.py", "# In [1]: text\n# In[x]\n"},
		{"a.py", "# ---\n# a line\n# ---\nx = 1\n"},
		{"a.py", "# ---\n# jupyter:\nx = 1\n"},
		{"a.py", "import marimo\n\ndef f(app):\n    app = marimo.App()\n"},
		{"a.py", "\n# Databricks notebook source\n"},
		{"a.txt", "# %%\nx = 1\n"},
		{"a.c", "# %%\n"},
		{"README.md", "# T\n\n```python\nx = 1\n```\n"},
		{"README.md", "---\ntitle: x\n---\n# T\n\n```python\nx = 1\n```\n"},
		{"a.md", "---\njupyter: not closed\n"},
		{"a.Rmd", "no chunk\n"},
		{"a.R", "#' Adds numbers\n#' @export\nf <- function(x) x\n"},
		{"a.R", "# a\n#----\n#-- b\n#- c\n#+1\n"},
		{"a.py", "#' ---\n#+ x\n"},
		{"a.jl", "# ╔═╡ 1\nx = 1\n"},
		{"a.csv", "---\njupytext: 1\n---\n"},
	} {
		if text, ok := notebook.ParseText(test.file, []byte(test.src)); ok {
			t.Errorf("%s %q was taken for %s", test.file, test.src, text.Flavour)
		}
	}
}

func TestTextWithoutName(t *testing.T) {
	for src, want := range map[string]string{
		"# %%\nx = 1\n": "percent",
		"-- Databricks notebook source\nSELECT 1\n":                      "databricks",
		"---\njupyter:\n  kernelspec:\n    name: r\n---\n```R\nx\n```\n": "markdown",
	} {
		if text, ok := notebook.ParseText("-", []byte(src)); !ok || text.Flavour != want {
			t.Errorf("%q is not recognised as %s", src, want)
		}
	}
}

// TestTextLocate: a range in a cell whose lines have prefixes.
func TestTextLocate(t *testing.T) {
	src := []byte("# %%\nx = 1\n# %% [markdown]\n# one\n# né two\n")
	text, _ := notebook.ParseText("a.py", src)
	found := false
	text.Units(func(u *notebook.Unit) bool {
		k := bytes.Index(u.Text, []byte("two"))
		if k < 0 {
			return true
		}
		found = true
		loc := u.Locate(k, k+3)
		if got := fmt.Sprint(loc.Place.Cell, loc.Line, loc.Column, loc.EndLine, loc.EndColumn, loc.FileLine, loc.FileColumn); got != "2 2 4 2 7 5 7" {
			t.Error(got)
		}
		if got := string(src[loc.Offset : loc.Offset+loc.Length]); got != "two" {
			t.Error(got)
		}
		both := u.Spans(0, len(u.Text))
		if len(both) != 2 || string(src[both[0].Start:both[0].End]) != "one\n" || string(src[both[1].Start:both[1].End]) != "né two\n" {
			t.Error(both)
		}
		return true
	})
	if !found {
		t.Error("the text is in no cell")
	}
}

// markers are the words that stand in a file and in no unit.
var markers = []string{
	"MAGIC", "COMMAND", "Databricks", "notebook", "source", "DBTITLE", "In", "codecell", "markdowncell", "r",
	"region", "endregion", "md", "endmd", "raw", "endraw", "mo",
	"A", "Pluto", "jl", "╔═╡", "╠═╡", "Cell", "order",
	"meta", "csharp", "c", "fsharp", "f", "pwsh", "powershell", "javascript", "js", "typescript", "html", "markdown", "mermaid", "sql", "kql", "http", "value", "python",
}

// isMarker: a word that is read elsewhere, or of which there are few. Ids of
// Pluto's cells are hexadecimal, kernels of Polyglot are those that its head lists.
func isMarker(text *notebook.Text, src, word []byte) bool {
	return slices.Contains(markers, string(word)) ||
		text.Flavour == "pluto" && len(bytes.Trim(word, "abcdefABCDEF")) == 0 ||
		text.Flavour == "dib" && bytes.Count(src, word) > 1
}

// checkCover: units lie in the file in order and none overlaps another, every
// span holds what the text shows, and what no unit holds is a marker.
func checkCover(t *testing.T, text *notebook.Text, src []byte) {
	t.Helper()
	at, cell := 0, 0
	gap := func(end int) {
		words := bytes.FieldsFunc(bytes.TrimPrefix(src[at:end], []byte("\xef\xbb\xbf")), func(r rune) bool {
			return strings.ContainsRune("().#-/%\"'`~{}[]<>!:+*0123456789", r) || unicode.IsSpace(r)
		})
		for _, w := range words {
			if !isMarker(text, src, w) {
				t.Fatalf("%s: %q is in no unit", text.Flavour, src[at:end])
			}
		}
	}
	text.Units(func(u *notebook.Unit) bool {
		if c := u.Place.Cell; c != 0 && c < cell || c > text.Cells {
			t.Fatalf("cell %d of %d follows %d", c, text.Cells, cell)
		}
		cell = max(cell, u.Place.Cell)
		var shown []byte
		for _, s := range u.Spans(0, len(u.Text)) {
			if s.Start < at || s.End <= s.Start || s.End > len(src) {
				t.Fatalf("span %v after %d in %d bytes", s, at, len(src))
			}
			gap(s.Start)
			shown = append(shown, src[s.Start:s.End]...)
			at = s.End
		}
		if !bytes.Equal(shown, u.Text) {
			t.Fatalf("the spans hold %q, not %q", shown, u.Text)
		}
		u.Locate(len(u.Text)-1, len(u.Text))
		return true
	})
	gap(len(src))
}

func FuzzParseText(f *testing.F) {
	for _, src := range []string{
		"# %%\nx = 1\n# %% [markdown]\n# t\n", "#%% md\n'''a'''\n", "# %% [raw]\nr\"\"\"\"\"\"\n", "# In[1]:\nx",
		"# ---\n# jupytext:\n# ---\n# + {}\n\n# -\n\nx='''\n\n'''\n# region a\n# !ls\n",
		"# Databricks notebook source\n# DBTITLE 1,x\n# MAGIC %md a\n# COMMAND ----------\n# MAGIC",
		"app = marimo.App()\n@app.cell\ndef _():\n    x\n    return\nwith app.setup:\n    a\n",
		"---\njupytext: 1\n---\n```python\nx\n```\n\n\n<!-- #region -->\n", "```{code-cell}\n---\na\n---\nx\n```\n+++\n", "```{r}\nx\n~~~\n",
		"### A Pluto.jl notebook ###\n# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01\n# ╠═╡ a = 1\nmd\"\"\"\nx\"\"\"\n# ╔═╡ Cell order:\n# ╠═3b\n",
		"#' ---\n#' a: 1\n#' ---\nx\n#+ b\ny\n#-\n", "#!meta\n{\"name\":\"sql-x\"}\n#!csharp a\nx\n#!sql-x\n\n#!markdown\n#!value --name y\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, name := range []string{"a.py", "a.sql", "-", "a.md", "a.qmd", "a.jl", "a.R", "a.dib"} {
			if text, ok := notebook.ParseText(name, src); ok {
				checkCover(t, text, src)
			}
		}
	})
}

// TestTextLinear: 1 MB take no more than a generous time, whatever they hold; a
// quadratic reader would need hours.
func TestTextLinear(t *testing.T) {
	const light = "# ---\n# jupytext: 1\n# ---\n"
	for _, test := range []struct{ name, head, again string }{
		{"a.py", "", "# %%\n"},
		{"a.py", "# %% [markdown]\n", "# x\n"},
		{"a.py", "# %% [raw]\n", "\"\"\"\n"},
		{"a.py", light, "x\n\n"},
		{"a.py", light, "\n\n\n"},
		{"a.py", light, "'''\n# +\n"},
		{"a.py", "# Databricks notebook source\n", "# COMMAND ----------\n"},
		{"a.py", "# Databricks notebook source\n", "# MAGIC x\n"},
		{"a.py", "app = marimo.App()\n", "@app.cell\n"},
		{"a.py", "app = marimo.App()\n@app.cell\ndef f():\n", "    return\n"},
		{"a.jl", "### A Pluto.jl notebook ###\n", "# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01\n# ╠═╡ a\n"},
		{"a.R", "#+\n", "#' x\ny\n"},
		{"a.R", "#+\n", "\n"},
		{"a.dib", "", "#!csharp a\n"},
		{"a.dib", "", "#!unknown-kernel\n"},
		{"a.md", "---\njupytext: 1\n---\n", "```python\n"},
		{"a.md", "---\njupytext: 1\n---\n", "```python\nx\n```\n\n\n"},
		{"a.md", "```{code-cell}\n", "---\n"},
		{"a.md", "---\n", "a\n"},
	} {
		src := []byte(test.head + strings.Repeat(test.again, 1<<20/len(test.again)))
		start := time.Now()
		if text, ok := notebook.ParseText(test.name, src); ok {
			text.Units(func(*notebook.Unit) bool { return true })
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%q: 1 MB took %v", test.again, took)
		}
	}
}
