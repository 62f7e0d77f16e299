package notebook_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nbseal/nbseal/internal/notebook"
)

func describeText(t *notebook.Text) string {
	s := fmt.Sprintf("%s %s %d cells", t.Flavour, t.Language, t.Cells)
	t.Units(func(u *notebook.Unit) bool {
		loc := u.Locate(0, 1)
		s += fmt.Sprintf("\n%d:%d %s", loc.FileLine, loc.FileColumn, describe(u))
		return true
	})
	return s
}

func TestParseText(t *testing.T) {
	for _, test := range []struct{ name, file, src, want string }{
		{"jupytext percent", "a.py", `# -*- coding: utf-8 -*-
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     name: python3
# ---

# %% [markdown]
# # Title
#
# text

# %% tags=["parameters"]
a = 1
# !ls -l
# a comment

# %%
# %%time
b = 2

# %% language="bash"
# export A=1

# %% [raw]
"""
raw text
"""
`, `percent python 5 cells
1:3 0 metadata header yaml "-*- coding: utf-8 -*-\n---\njupyter:\n  jupytext:\n    formats: ipynb,py:percent\n  kernelspec:\n    name: python3\n---\n"
10:5 1 metadata options " [markdown]"
11:3 1 source markdown "# Title\n\ntext\n\n"
15:5 2 metadata options " tags=[\"parameters\"]"
16:1 2 source python "a = 1\n!ls -l\n# a comment\n\n"
21:3 3 source python "%%time\nb = 2\n\n"
24:5 4 metadata options " language=\"bash\""
25:3 4 source shell "export A=1\n\n"
27:5 5 metadata options " [raw]"
29:1 5 source "raw text\n"`},
		{"Spyder, VS Code and PyCharm", "C:\\a.py", "import os\r\n#%%\r\nx = 1\r\n#%% md\r\n\"\"\"\r\n# T\r\n\"\"\"\r\n#%% [markdown]\r\nx = 2\r\n# %%% below\r\n", `percent python 5 cells
1:1 1 source python "import os\r\n"
3:1 2 source python "x = 1\r\n"
4:4 3 metadata options " md"
6:1 3 source markdown "# T\r\n"
8:4 4 metadata options " [markdown]"
9:1 4 source python "x = 2\r\n"
10:6 5 metadata options " below"`},
		{"nbconvert", "n.py", "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\nx = 1\n\n# In[ ]:\n\ny = 2\n", `percent python 3 cells
1:1 1 source python "#!/usr/bin/env python\n# coding: utf-8\n\n"
5:1 2 source python "\n\nx = 1\n\n"
10:1 3 source python "\ny = 2\n"`},
		{"percent in SQL and R", "q.sql", "-- %% [markdown]\n-- hello\n-- %%\nSELECT 1\n", `percent sql 2 cells
1:6 1 metadata options " [markdown]"
2:4 1 source markdown "hello\n"
4:1 2 source sql "SELECT 1\n"`},
		{"light", "a.py", `# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: light
# ---

# # Title
# text

# %matplotlib inline

a = """one

two"""
# a remark

def f():
    x = 1

    return x

# + tags=["x"]
b = 1


c = 2
# -

d = 3
# + [markdown]
# more
`, `light python 7 cells
1:3 0 metadata header yaml "---\njupyter:\n  jupytext:\n    text_representation:\n      format_name: light\n---\n"
8:3 1 source markdown "# Title\ntext\n"
11:3 2 source python "%matplotlib inline\n"
13:1 3 source python "a = \"\"\"one\n\ntwo\"\"\"\n# a remark\n"
18:1 4 source python "def f():\n    x = 1\n\n    return x\n"
23:4 5 metadata options " tags=[\"x\"]"
24:1 5 source python "b = 1\n\n\nc = 2\n"
30:1 6 source python "d = 3\n"
31:4 7 metadata options " [markdown]"
32:3 7 source markdown "more\n"`},
		{"Databricks Python", "d.py", `# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC text

# COMMAND ----------

# DBTITLE 1,Load it
x = 1
# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1

# COMMAND ----------

`, `databricks python 3 cells
2:9 1 source markdown "%md\n# Title\n\ntext\n\n"
9:11 2 metadata title "1,Load it\n"
10:1 2 source python "x = 1\n"
12:1 3 source sql "\n%sql\nSELECT 1\n\n"`},
		{"Databricks SQL", "d.sql", "-- Databricks notebook source\nSELECT 1\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC x = 1\n", `databricks sql 2 cells
2:1 1 source sql "SELECT 1\n"
4:10 2 source python "%python\nx = 1\n"`},
		{"Databricks Scala", "d.scala", "// Databricks notebook source\nval x = 1\n", `databricks scala 1 cells
2:1 1 source scala "val x = 1\n"`},
		{"marimo", "m.py", `import marimo

__generated_with = "0.9.14"
app = marimo.App(width="medium")

with app.setup:
    import os


@app.cell
def _():
    import marimo as mo
    return (mo,)


@app.cell(hide_code=True)
def named(
    mo,
):
    x = """
    return
in a string
"""
    if x:
        y = 1
    return


@app.function
def f(x):
    return x


app._unparsable_cell(
    r"""
    x =
    """,
    name="_"
)

if __name__ == "__main__":
    app.run()
`, `marimo python 5 cells
1:1 0 metadata app python "import marimo\n\n__generated_with = \"0.9.14\"\napp = marimo.App(width=\"medium\")\n\n"
6:1 1 metadata signature python "with app.setup:\n"
7:5 1 source python "import os\n\n\n"
10:1 2 metadata signature python "@app.cell\ndef _():\n"
12:5 2 source python "import marimo as mo\n"
13:1 2 metadata return python "    return (mo,)\n\n\n"
16:1 3 metadata signature python "@app.cell(hide_code=True)\ndef named(\n    mo,\n):\n"
20:5 3 source python "x = \"\"\"\nreturn\nin a string\n\"\"\"\nif x:\n    y = 1\n"
26:1 3 metadata return python "    return\n\n\n"
29:1 4 source python "@app.function\ndef f(x):\n    return x\n\n\n"
34:1 5 source python "app._unparsable_cell(\n    r\"\"\"\n    x =\n    \"\"\",\n    name=\"_\"\n)\n\n"
41:1 0 metadata app python "if __name__ == \"__main__\":\n    app.run()\n"`},
		{"Quarto", "a.qmd", "---\ntitle: x\nparams:\n  db_password: y\n---\n\n# Text\n\n```{python}\n#| label: l\nx = 1\n```\n\n```python\nshown = 1\n```\n````md\n```{r}\n```\n````\n```{r, echo=FALSE}\ny <- 2\n```\n```{=html}\n<b>\n```\n", `quarto python 5 cells
1:1 0 metadata header yaml "---\ntitle: x\nparams:\n  db_password: y\n---\n"
6:1 1 source markdown "\n# Text\n\n"
9:4 2 metadata options "{python}"
10:1 2 source python "#| label: l\nx = 1\n"
13:1 3 source markdown "\n` + "```python\\nshown = 1\\n```\\n````md\\n```{r}\\n```\\n````\\n" + `"
21:4 4 metadata options "{r, echo=FALSE}"
22:1 4 source r "y <- 2\n"
24:1 5 source markdown "` + "```{=html}\\n<b>\\n```\\n" + `"`},
		{"R Markdown", "a.Rmd", "```{bash}\nls\n```\n", `quarto r 1 cells
1:4 1 metadata options "{bash}"
2:1 1 source shell "ls\n"`},
		{"MyST", "a.md", "---\nkernelspec:\n  name: python3\n---\n# T\n+++ {\"a\": 1}\nmore\n```{code-cell} ipython3\n:tags: [x]\n\n%%bash\nls\n```\n```{note}\nn\n```\n~~~{raw-cell}\nraw\n~~~\n```{code-cell}\n---\ntags: [y]\n---\nx = 1\n", `myst python 6 cells
1:1 0 metadata header yaml "---\nkernelspec:\n  name: python3\n---\n"
5:1 1 source markdown "# T\n"
6:4 2 metadata options " {\"a\": 1}"
7:1 2 source markdown "more\n"
8:4 3 metadata options "{code-cell} ipython3"
9:1 3 metadata options yaml ":tags: [x]\n"
10:1 3 source shell "\n%%bash\nls\n"
14:1 4 source markdown "` + "```{note}\\nn\\n```\\n" + `"
17:4 5 metadata options "{raw-cell}"
18:1 5 source "raw\n"
20:4 6 metadata options "{code-cell}"
21:1 6 metadata options yaml "---\ntags: [y]\n---\n"
24:1 6 source python "x = 1\n"`},
		{"jupytext Markdown", "a.md", "---\njupyter:\n  jupytext:\n    x: 1\n  kernelspec:\n    language: R\n---\n\n# T\n\n\nmore\n\n```R tags=[]\nx <- 1\n```\n\n```yaml\na: 1\n```\n<!-- #region -->\nr\n<!-- #endregion -->\n", `markdown r 5 cells
1:1 0 metadata header yaml "---\njupyter:\n  jupytext:\n    x: 1\n  kernelspec:\n    language: R\n---\n"
8:1 1 source markdown "\n# T\n\n\n"
12:1 2 source markdown "more\n\n"
14:4 3 metadata options "R tags=[]"
15:1 3 source r "x <- 1\n"
17:1 4 source markdown "\n` + "```yaml\\na: 1\\n```\\n" + `"
22:1 5 source markdown "r\n"`},
		{"marimo Markdown", "m.py", "import marimo\napp = marimo.App()\n\n@app.cell\ndef _(mo):\n    mo.md(\n        r\"\"\"\n    # T\n    text\n    \"\"\"\n    )\n    return\n", `marimo python 1 cells
1:1 0 metadata app python "import marimo\napp = marimo.App()\n\n"
4:1 1 metadata signature python "@app.cell\ndef _(mo):\n"
8:5 1 source markdown "# T\ntext\n"
12:1 1 metadata return python "    return\n"`},
		{"cells that are switched off", "a.py", "# %% active=\"ipynb\"\n# x = 1\n# %% active=\"md\"\n# raw\n# %% run_control={\"frozen\": true}\n# y = 2\n", `percent python 3 cells
1:5 1 metadata options " active=\"ipynb\""
2:3 1 source python "x = 1\n"
3:5 2 metadata options " active=\"md\""
4:3 2 source "raw\n"
5:5 3 metadata options " run_control={\"frozen\": true}"
6:3 3 source python "y = 2\n"`},
		{"jupytext R Markdown", "a.Rmd", "---\njupyter:\n  kernelspec:\n    name: ir\n---\n\n<!-- #region -->\none\n\n\ntwo\n```{python}\n```\n<!-- #endregion -->\n```{python}\n# %time\nx = 1\n```\n", `quarto r 2 cells
1:1 0 metadata header yaml "---\njupyter:\n  kernelspec:\n    name: ir\n---\n"
8:1 1 source markdown "one\n\n\ntwo\n` + "```{python}\\n```\\n" + `"
15:4 2 metadata options "{python}"
16:3 2 source python "%time\nx = 1\n"`},
		{"Pluto", "p.jl", `### A Pluto.jl notebook ###
# v0.19.40

using Markdown

# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01
md"""
# Title
"""

# ╔═╡ 3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a02
# ╠═╡ disabled = true
x = 1

# ╔═╡ 00000000-0000-0000-0000-000000000001
PLUTO_PROJECT_TOML_CONTENTS = """
"""

# ╔═╡ Cell order:
# ╠═3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01
`, `pluto julia 2 cells
1:1 0 metadata header julia "### A Pluto.jl notebook ###\n# v0.19.40\n\nusing Markdown\n\n"
8:1 1 source markdown "# Title\n"
12:13 2 metadata options "disabled = true\n"
13:1 2 source julia "x = 1\n\n"
16:1 0 metadata packages julia "PLUTO_PROJECT_TOML_CONTENTS = \"\"\"\n\"\"\"\n\n"
20:1 0 metadata order "# ╠═3b038ee0-edc5-11ee-1d1c-5f6f3c0e6a01\n"`},
		{"knitr's spin", "s.R", "#' # Title\n#'\n#' text\nx <- 1\n\ny <- 2\n#+ plot, echo=FALSE\nplot(x)\n#' more\n\n# -- a remark\nz <- 3\n#-\nw <- 4\n", `spin r 6 cells
1:4 1 source markdown "# Title\n\ntext\n"
4:1 2 source r "x <- 1\n\ny <- 2\n"
7:4 3 metadata options "plot, echo=FALSE"
8:1 3 source r "plot(x)\n"
9:4 4 source markdown "more\n\n"
11:1 5 source r "# -- a remark\nz <- 3\n"
14:1 6 source r "w <- 4\n"`},
		{"Polyglot", "n.dib", "#!meta\n\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\",\"items\":[{\"name\":\"sql-prod\"}]}}\n\n#!csharp\n\n#!connect mssql\nvar x = 1;\n\n#!pwsh\nls\n#!value --name a\nb\n#!sql-prod\nSELECT 1\n#!markdown\n\n# T\n", `dib csharp 5 cells
2:1 0 metadata header "\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\",\"items\":[{\"name\":\"sql-prod\"}]}}\n\n"
6:1 1 source csharp "\n#!connect mssql\nvar x = 1;\n\n"
11:1 2 source powershell "ls\n"
12:8 3 metadata options " --name a"
13:1 3 source value "b\n"
15:1 4 source sql "SELECT 1\n"
17:1 5 source markdown "\n# T\n"`},
		{"Databricks R", "d.r", "# Databricks notebook source\nx <- 1\n\n# COMMAND ----------\n\n# MAGIC %python\n# MAGIC y = 2\n", `databricks r 2 cells
2:1 1 source r "x <- 1\n\n"
5:1 2 source python "\n%python\ny = 2\n"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, ok := notebook.ParseText(test.file, []byte(test.src))
			if !ok {
				t.Fatal("it is not recognised")
			}
			if got := describeText(text); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			checkCover(t, text, []byte(test.src))
			marked, ok := notebook.ParseText(test.file, []byte("\xef\xbb\xbf"+test.src))
			if !ok || !slices.Equal(texts(marked), texts(text)) {
				t.Error("with a byte order mark it reads otherwise")
			}
		})
	}
}
