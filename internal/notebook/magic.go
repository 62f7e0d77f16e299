package notebook

import (
	"bytes"
	"path"
	"strings"
)

// magicLanguage is the language that a cell magic on the first line gives the
// rest of the cell; not ok when there is none or it keeps the kernel's language.
// Names: https://ipython.readthedocs.io/en/stable/interactive/magics.html and,
// for %%sql and %%R, the ipython-sql and rpy2 extensions.
func magicLanguage(text []byte) (lang string, ok bool) {
	line, _, _ := bytes.Cut(bytes.TrimLeft(text, " \t\r\n"), []byte{'\n'})
	rest, found := bytes.CutPrefix(line, []byte("%%"))
	if !found {
		return "", false
	}
	words := strings.Fields(string(rest))
	if len(words) == 0 {
		return "", false
	}
	switch strings.ToLower(words[0]) {
	case "bash", "sh", "!", "sx", "system", "script", "cmd":
		return "shell", true
	case "sql", "bigquery", "sparksql", "spark_sql":
		return "sql", true
	case "python", "python2", "python3", "pypy":
		return "python", true
	case "r", "julia", "perl", "ruby", "html", "markdown", "latex", "javascript":
		return strings.ToLower(words[0]), true
	case "js":
		return "javascript", true
	case "writefile", "file":
		return FileLanguage(words[len(words)-1]), true
	}
	return "", false
}

// FileLanguage guesses a language from a file's name; "" when it says nothing.
func FileLanguage(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".py", ".pyw", ".pyi":
		return "python"
	case ".r", ".rmd":
		return "r"
	case ".jl":
		return "julia"
	case ".sql":
		return "sql"
	case ".sh", ".bash", ".zsh", ".bashrc", ".profile":
		return "shell"
	case ".md", ".markdown", ".qmd":
		return "markdown"
	}
	return ""
}
