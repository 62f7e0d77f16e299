package notebook

import (
	"bytes"
	"path"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// Text is the index of a notebook that is kept as a text file. It refers to the
// source, which must not change while it is in use.
//
// The flavours, each with the description that was followed:
//   - "percent": cells begin at "# %%" (https://jupytext.readthedocs.io/en/latest/formats-scripts.html,
//     and what Spyder, VS Code and "jupyter nbconvert --to script" write)
//   - "light": jupytext's other form for scripts, known by its header alone
//   - "databricks": source exports (https://docs.databricks.com/en/notebooks/notebook-export-import.html)
//   - "marimo": cells are functions (https://docs.marimo.io)
//   - "markdown", "myst": jupytext's forms for .md (https://jupytext.readthedocs.io/en/latest/formats-markdown.html)
//   - "quarto": .qmd and R Markdown (https://quarto.org/docs/computations/execution-options.html)
//   - "pluto": Julia's reactive notebooks (https://plutojl.org)
//   - "spin": R scripts for knitr's spin(), with chunk options or YAML (https://yihui.org/knitr/demo/stitch)
//   - "dib": Polyglot Notebooks (https://github.com/dotnet/interactive)
//
// Not known are the forms that no mark tells from an ordinary file:
// sphinx-gallery, jupytext's nomarker and a light script without header.
type Text struct {
	Flavour  string
	Language string // of the code cells that name none, in lower case
	Cells    int    // numbered from 1 in the order of the file

	nb    *Notebook
	sign  string // the language's comment sign
	parts []part // in the order of the file, none overlaps another
}

// part is a stretch of whole lines, or of one line, that makes a unit.
type part struct {
	cell       int
	kind       string // of the cell; "" for what is not a cell's source
	id         string // of the cell, where the format has ids
	lang       string
	key        string // of metadata
	start, end int
	strip      strip
}

// strip says what the file's format has put before a line and a person does not
// see.
type strip uint8

const (
	asIs    strip = iota
	comment       // a comment sign and one space
	magics        // the same, of magics and shell commands alone
	magic         // a comment sign and "MAGIC", of Databricks
	indent        // four spaces, of marimo
	roxygen       // "#'" and one space, of knitr's spin
)

// headSize is how far into a file the marks of a notebook are looked for, in bytes.
const headSize = 16 << 10

// ParseText indexes a text file that is a notebook. The name tells the language
// by its extension and may have none; whether the file is a notebook is told by
// its first 16 KiB. It is not ok for all other files.
func ParseText(name string, src []byte) (t *Text, ok bool) {
	p := &textParser{src: src, at: bomLen(src), t: &Text{nb: &Notebook{src: src}}}
	p.head = src[p.at:min(len(src), p.at+headSize)]
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	switch ext {
	case ".md", ".markdown", ".qmd", ".rmd", ".rmarkdown":
		return p.t, p.markdown(ext)
	case ".dib":
		p.dib()
		return p.t, true
	case "":
		if bytes.HasPrefix(p.head, []byte("---")) {
			return p.t, p.markdown(".md")
		}
	}
	lang, known := scriptLanguages[ext]
	if !known {
		return nil, false
	}
	p.t.Language, p.t.sign = lang.name, lang.comment
	return p.t, p.script()
}

// scriptLanguages are the languages of scripts and their comment signs.
var scriptLanguages = map[string]struct{ name, comment string }{
	"": {"python", "#"}, ".py": {"python", "#"}, ".r": {"r", "#"}, ".jl": {"julia", "#"}, ".sh": {"shell", "#"},
	".bash": {"shell", "#"}, ".ps1": {"powershell", "#"}, ".rb": {"ruby", "#"}, ".sql": {"sql", "--"}, ".lua": {"lua", "--"},
	".hs": {"haskell", "--"}, ".scala": {"scala", "//"}, ".js": {"javascript", "//"}, ".ts": {"typescript", "//"}, ".groovy": {"groovy", "//"}, ".fsx": {"fsharp", "//"}, ".do": {"stata", "//"},
	".sage": {"python", "#"}, ".xsh": {"xonsh", "#"}, ".coco": {"coconut", "#"}, ".tcl": {"tcl", "#"}, ".gp": {"gnuplot", "#"}, ".sos": {"sos", "#"},
	".clj": {"clojure", ";;"}, ".scm": {"scheme", ";;"}, ".ss": {"scheme", ";;"},
	".java": {"java", "//"}, ".kt": {"kotlin", "//"}, ".cs": {"csharp", "//"}, ".fs": {"fsharp", "//"},
	".rs": {"rust", "//"}, ".cpp": {"c++", "//"}, ".go": {"go", "//"},
}

// Units yields the notebook's texts in the order of the file: what stands before
// the cells as metadata of cell 0, and for each cell the options on its marker
// and its source. Together they hold every byte of the file but markers and
// white space.
func (t *Text) Units(yield func(*Unit) bool) {
	for _, p := range t.parts {
		if u := t.unit(p); len(u.Text) > 0 && !yield(u) {
			return
		}
	}
}

func (t *Text) unit(p part) *Unit {
	u := &Unit{Place: &finding.Place{Cell: p.cell, CellID: p.id, Where: finding.Source, Key: p.key}, CellType: p.kind, Language: p.lang, nb: t.nb}
	if p.kind == "" {
		u.Place.Where = finding.Metadata
	}
	src := t.nb.src
	for i := p.start; i < p.end; {
		next := p.end
		if p.strip != asIs {
			if k := bytes.IndexByte(src[i:p.end], '\n'); k >= 0 {
				next = i + k + 1
			}
		}
		from := i + p.strip.width(src[i:next], t.sign)
		if n := len(u.pieces); n > 0 && u.pieces[n-1].src.end == from {
			u.pieces[n-1].src.end = next
		} else {
			u.pieces = append(u.pieces, piece{src: value{from, next}, form: fileText})
		}
		i = next
	}
	u.build()
	if u.CellType == "code" && u.Language == t.Language {
		if lang, ok := magicLanguage(u.Text); ok {
			u.Language = lang
		}
	}
	return u
}

// width is the number of bytes at the start of a line that are not shown.
func (s strip) width(line []byte, sign string) int {
	switch s {
	case comment:
		return commentWidth(line, sign)
	case magics:
		if n := commentWidth(line, sign); n > 0 && isMagic(line[n:]) && !bytes.HasPrefix(line, []byte("#!")) {
			return n
		}
	case magic:
		n := commentWidth(line, sign)
		if rest, ok := bytes.CutPrefix(line[n:], []byte("MAGIC")); ok && n > 0 && (len(rest) == 0 || isSpace(rest[0])) {
			n += len("MAGIC")
			if len(rest) > 0 && rest[0] == ' ' {
				n++
			}
			return n
		}
	case roxygen:
		return commentWidth(line, "#'")
	case indent:
		n := 0
		for n < 4 && n < len(line) && line[n] == ' ' {
			n++
		}
		return n
	}
	return 0
}

// commentWidth is the length of the comment sign, if line begins with it, and of
// one space behind it.
func commentWidth(line []byte, sign string) int {
	if sign == "" || !bytes.HasPrefix(line, []byte(sign)) {
		return 0
	}
	if n := len(sign); n < len(line) && line[n] == ' ' {
		return n + 1
	}
	return len(sign)
}

// isMagic reports whether the text is a line or cell magic or a shell command.
func isMagic(s []byte) bool {
	n := 0
	for n < len(s) && n < 2 && (s[n] == '%' || s[n] == '!' && n == 0) {
		n++
	}
	return n > 0 && n < len(s) && (isLetter(s[n]) || s[n-1] == '!' && (s[n] == '.' || s[n] == '/'))
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_' }

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// textParser goes through a text line by line.
type textParser struct {
	src  []byte
	head []byte // the part of src that is looked at for marks
	at   int    // where the next line starts
	// jupytext says that the Markdown has jupytext's own marks between cells.
	jupytext bool
	t        *Text
}

// line returns the next line without its end, and where it starts, and moves
// behind it. It is not ok at the end.
func (p *textParser) line() (text []byte, start int, ok bool) {
	start = p.at
	if start >= len(p.src) {
		return nil, start, false
	}
	if k := bytes.IndexByte(p.src[start:], '\n'); k >= 0 {
		p.at = start + k + 1
		text = p.src[start : start+k]
	} else {
		p.at = len(p.src)
		text = p.src[start:]
	}
	return bytes.TrimSuffix(text, []byte("\r")), start, true
}

// blank reports whether there is nothing but white space in the range.
func (p *textParser) blank(start, end int) bool { return len(bytes.TrimSpace(p.src[start:end])) == 0 }

// meta adds what belongs to a cell and is not its source, if there is anything.
func (p *textParser) meta(cell int, key, lang string, start, end int, s strip) {
	if start < end && !p.blank(start, end) {
		p.t.parts = append(p.t.parts, part{cell: cell, key: key, lang: lang, start: start, end: end, strip: s})
	}
}

// source adds the source of a cell.
func (p *textParser) source(cell int, kind, lang string, start, end int, s strip) {
	if start < end && !p.blank(start, end) {
		p.t.parts = append(p.t.parts, part{cell: cell, kind: kind, lang: lang, start: start, end: end, strip: s})
	}
}

// next is the number of a new cell.
func (p *textParser) next() int {
	p.t.Cells++
	return p.t.Cells
}

// yamlValue is the value of the first line "key: value" in a header.
func yamlValue(header []byte, key string) string {
	for line := range bytes.Lines(header) {
		line = bytes.TrimSpace(line)
		if v, ok := bytes.CutPrefix(line, []byte(key+":")); ok {
			if v = bytes.Trim(v, ` "'`); len(v) > 0 && len(v) <= 64 {
				return strings.ToLower(string(v))
			}
		}
	}
	return ""
}

// chunkLanguage is the name under which a language is known here.
func chunkLanguage(word string) string {
	switch word = strings.ToLower(word); word {
	case "bash", "sh", "zsh", "shell", "console", "ksh":
		return "shell"
	case "py", "python3", "ipython", "ipython3", "sagemath", "xpython":
		return "python"
	case "js", "ojs", "node":
		return "javascript"
	case "md":
		return "markdown"
	case "ir":
		return "r"
	case "spark_sql", "sparksql", "mysql", "postgres", "postgresql", "sqlite", "duckdb":
		return "sql"
	}
	if strings.HasPrefix(word, "julia") {
		return "julia"
	}
	return word
}
