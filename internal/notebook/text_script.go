package notebook

import (
	"bytes"
	"strings"
)

// script reads a program's source that is a notebook; false when it is none.
func (p *textParser) script() bool {
	if sign, ok := databricksSign(p.head); ok {
		p.t.sign, p.t.Flavour = sign, "databricks"
		p.line()
		p.databricks()
		return true
	}
	if p.t.Language == "python" && (bytes.HasPrefix(p.head, []byte("app = marimo.App(")) || bytes.Contains(p.head, []byte("\napp = marimo.App("))) {
		p.t.Flavour = "marimo"
		p.marimo()
		return true
	}
	if p.t.Language == "julia" && bytes.HasPrefix(p.head, []byte(plutoHead)) {
		p.t.Flavour = "pluto"
		p.pluto()
		return true
	}
	end := p.header()
	marked := p.hasMarker()
	switch {
	case marked:
		p.t.Flavour = "percent"
	case end > 0:
		p.t.Flavour = "light"
	case p.isSpin():
		p.t.Flavour = "spin"
		p.spin()
		return true
	default:
		return false
	}
	if end > 0 {
		p.meta(0, "header", "yaml", p.at, end, comment)
		p.at = end
	}
	if marked {
		p.percent()
	} else {
		p.light()
	}
	return true
}

// databricksSign is the comment sign before the first line of an export.
func databricksSign(head []byte) (sign string, ok bool) {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	sign, text, _ := strings.Cut(string(bytes.TrimSpace(line)), " ")
	return sign, text == "Databricks notebook source" && (sign == "#" || sign == "--" || sign == "//")
}

// header returns where jupytext's header of comments ends, 0 when there is
// none: YAML between two lines "# ---" that names jupytext or a kernel, after
// lines that say which interpreter or which coding.
func (p *textParser) header() (end int) {
	q := *p
	open, named := false, false
	for n := 0; n < 500; n++ {
		line, _, ok := q.line()
		width := commentWidth(line, p.t.sign)
		rest := bytes.TrimSpace(line[width:])
		switch {
		case !ok || open && width == 0:
			return 0
		case string(rest) == "---":
			if open {
				if named {
					return q.at
				}
				return 0
			}
			open = true
		case open:
			named = named || bytes.HasPrefix(rest, []byte("jupytext:")) || bytes.HasPrefix(rest, []byte("kernelspec:")) || bytes.HasPrefix(rest, []byte("jupyter:"))
		case len(rest) > 0 && !bytes.HasPrefix(line, []byte("#!")) && !bytes.Contains(line, []byte("coding")):
			return 0
		}
	}
	return 0
}

// hasMarker reports whether a cell begins in the head of the file.
func (p *textParser) hasMarker() bool {
	if !bytes.Contains(p.head, []byte("%%")) && !bytes.Contains(p.head, []byte("In[")) && !bytes.Contains(p.head, []byte("cell>")) {
		return false
	}
	for line := range bytes.Lines(p.head) {
		if m := p.marker(bytes.TrimRight(line, "\r\n")); m > 0 {
			return true
		}
	}
	return false
}

// marker is the length of the cell marker that line begins with, 0 when there
// is none: "# %%" with more of them for cells below cells, "# In[1]:" of
// nbconvert, "# <codecell>" of IPython.
func (p *textParser) marker(line []byte) int {
	rest, ok := bytes.CutPrefix(line, []byte(p.t.sign))
	if !ok {
		return 0
	}
	rest = bytes.TrimLeft(rest, " \t")
	n := len(line) - len(rest)
	if bytes.HasPrefix(rest, []byte("%%")) {
		words := bytes.TrimLeft(rest, "%")
		if len(words) > 0 && !isSpace(words[0]) {
			return 0 // a cell magic in a comment
		}
		return len(line) - len(words)
	}
	for _, word := range [...]string{"<codecell>", "<markdowncell>"} {
		if string(bytes.TrimSpace(rest)) == word {
			return n + len(word)
		}
	}
	if rest, ok := bytes.CutPrefix(rest, []byte("In[")); ok {
		number := bytes.TrimLeft(rest, "0123456789 *")
		if tail, ok := bytes.CutPrefix(number, []byte("]")); ok && len(bytes.Trim(tail, ": \t")) == 0 {
			return len(line)
		}
	}
	return 0
}

// percent reads cells that begin at markers; what stands before the first is a
// cell as well.
func (p *textParser) percent() {
	start, cell, options := p.at, 0, ""
	flush := func(end int) {
		if cell == 0 {
			if p.blank(start, end) {
				return
			}
			cell = p.next()
		}
		p.scriptCell(cell, options, start, end)
	}
	for {
		line, at, ok := p.line()
		if !ok {
			flush(len(p.src))
			return
		}
		n := p.marker(line)
		if n == 0 {
			continue
		}
		flush(at)
		cell, start, options = p.next(), p.at, string(line[n:])
		if bytes.HasSuffix(line, []byte("<markdowncell>")) {
			options = "[markdown]"
		}
		p.meta(cell, "options", "", at+n, at+len(line), asIs)
	}
}

// scriptCell adds a cell of a script whose marker carries options.
func (p *textParser) scriptCell(cell int, options string, start, end int) {
	kind := optionKind(options)
	switch lang := optionLanguage(options); {
	case kind != "code":
		from, to := p.quoted(start, end)
		switch {
		case from > 0:
			p.source(cell, kind, textLanguage(kind), from, to, asIs)
		case p.allComments(start, end):
			p.source(cell, kind, textLanguage(kind), start, end, comment)
		default: // code in spite of what the marker says
			p.source(cell, "code", p.t.Language, start, end, magics)
		}
	case lang != "" && lang != p.t.Language && p.allComments(start, end):
		p.source(cell, "code", lang, start, end, comment)
	case isOff(options) && p.allComments(start, end): // jupytext's way to switch a cell off
		if strings.Contains(options, "ipynb") || !strings.Contains(options, "active=") {
			p.source(cell, "code", p.t.Language, start, end, comment)
		} else {
			p.source(cell, "raw", "", start, end, comment)
		}
	default:
		p.source(cell, "code", p.t.Language, start, end, magics)
	}
}

// isOff reports whether jupytext has put a cell into comments, because it is for
// other formats or frozen.
func isOff(options string) bool {
	return strings.Contains(options, "active=") || strings.Contains(options, `"frozen": true`)
}

func textLanguage(kind string) string {
	if kind == "markdown" {
		return kind
	}
	return ""
}

// optionKind reads "[markdown]" and the like; PyCharm writes a bare "md".
func optionKind(options string) string {
	for _, word := range strings.Fields(options) {
		switch word {
		case "[markdown]", "[md]":
			return "markdown"
		case "[raw]":
			return "raw"
		}
	}
	switch strings.TrimSpace(options) {
	case "md", "markdown":
		return "markdown"
	case "raw":
		return "raw"
	}
	return "code"
}

// optionLanguage reads language="bash" or "language": "bash", by which jupytext
// keeps a cell magic.
func optionLanguage(options string) string {
	_, rest, ok := strings.Cut(options, "language")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, `"=: `)
	word, _, _ := strings.Cut(rest, `"`)
	return chunkLanguage(word)
}

// allComments reports whether every line is a comment or blank.
func (p *textParser) allComments(start, end int) bool {
	for line := range bytes.Lines(p.src[start:end]) {
		if commentWidth(line, p.t.sign) == 0 && len(bytes.TrimSpace(line)) > 0 {
			return false
		}
	}
	return true
}

// quoted returns the inside of a cell that is one string in triple quotes;
// zeros when it is not.
func (p *textParser) quoted(start, end int) (from, to int) {
	text := p.src[start:end]
	body := bytes.TrimSpace(text)
	at := bytes.IndexFunc(text, func(r rune) bool { return !isSpace(byte(min(r, 255))) })
	body2 := bytes.TrimPrefix(bytes.TrimPrefix(body, []byte("r")), []byte("md")) // md: Julia's
	for _, quote := range [...]string{`"""`, `'''`} {
		inner, ok := bytes.CutPrefix(body2, []byte(quote))
		if !ok || len(inner) < 3 || bytes.Index(inner, []byte(quote)) != len(inner)-3 {
			continue
		}
		from = start + at + len(body) - len(inner)
		to = from + len(inner) - 3
		if p.src[from] == '\r' {
			from++
		}
		if p.src[from] == '\n' {
			from++
		}
		return from, max(from, to)
	}
	return 0, 0
}

// databricks reads cells between lines "# COMMAND ----------".
func (p *textParser) databricks() {
	for more := true; more; {
		start, end := p.at, len(p.src)
		for {
			line, at, ok := p.line()
			if !ok {
				more = false
				break
			}
			rest, found := bytes.CutPrefix(line, []byte(p.t.sign+" COMMAND -----"))
			if found && len(bytes.Trim(rest, "- \t")) == 0 {
				end = at
				break
			}
		}
		if more || !p.blank(start, end) {
			p.databricksCell(p.next(), start, end)
		}
	}
}

func (p *textParser) databricksCell(cell, start, end int) {
	kind, lang := "code", p.t.Language
	i := start
	for line := range bytes.Lines(p.src[start:end]) {
		next := i + len(line)
		if title, ok := bytes.CutPrefix(line, []byte(p.t.sign+" DBTITLE ")); ok && p.blank(start, i) {
			p.meta(cell, "title", "", next-len(title), next, asIs)
			start = next
		} else if len(bytes.TrimSpace(line)) > 0 {
			word := bytes.Fields(line[magic.width(line, p.t.sign):])
			if len(word) > 0 && len(word[0]) > 1 && word[0][0] == '%' {
				switch name := strings.ToLower(string(word[0][1:])); name {
				case "md", "md-sandbox":
					kind, lang = "markdown", "markdown"
				case "sql", "sh", "python", "scala", "r":
					lang = chunkLanguage(name)
				}
			}
			break
		}
		i = next
	}
	p.source(cell, kind, lang, start, end, magic)
}

// marimo reads cells that are functions below "@app.cell".
func (p *textParser) marimo() {
	start, kind := p.at, ""
	for {
		line, at, ok := p.line()
		next := ""
		for _, mark := range [...]string{"@app.", "app._unparsable_cell(", "with app.setup", "if __name__"} {
			if bytes.HasPrefix(line, []byte(mark)) {
				next = mark
			}
		}
		if ok && next == "" {
			continue
		}
		if !ok {
			at = len(p.src)
		}
		p.marimoRegion(kind, start, at)
		if !ok {
			return
		}
		start, kind = at, next
	}
}

func (p *textParser) marimoRegion(kind string, start, end int) {
	switch kind {
	case "", "if __name__":
		p.meta(0, "app", "python", start, end, asIs)
		return
	case "app._unparsable_cell(":
		p.source(p.next(), "code", "python", start, end, asIs)
		return
	}
	cell := p.next()
	body := p.marimoBody(kind, start, end)
	if kind == "@app." && !bytes.HasPrefix(p.src[start:], []byte("@app.cell")) {
		p.source(cell, "code", "python", start, end, asIs) // the function is what the person wrote
		return
	}
	p.meta(cell, "signature", "python", start, body, asIs)
	last := end
	if k := bytes.LastIndex(p.src[body:end], []byte("\n    return")); k >= 0 {
		last = body + k + 1
	} else if bytes.HasPrefix(p.src[body:end], []byte("    return")) {
		last = body
	}
	if after := last + len("    return"); after < end && (isLetter(p.src[after]) || '0' <= p.src[after] && p.src[after] <= '9') {
		last = end
	}
	if from, to, ok := p.marimoMarkdown(body, last); ok {
		p.source(cell, "markdown", "markdown", from, to, indent)
	} else {
		p.source(cell, "code", "python", body, last, indent)
	}
	p.meta(cell, "return", "python", last, end, asIs)
}

// marimoMarkdown returns the inside of a cell that is nothing but mo.md("""…""").
func (p *textParser) marimoMarkdown(start, end int) (from, to int, ok bool) {
	text := bytes.TrimSpace(p.src[start:end])
	inner, ok := bytes.CutPrefix(text, []byte("mo.md("))
	if !ok || !bytes.HasSuffix(inner, []byte(")")) {
		return 0, 0, false
	}
	at := start + bytes.Index(p.src[start:end], text) + len("mo.md(")
	from, to = p.quoted(at, at+len(inner)-1)
	return from, to, from > 0
}

// marimoBody is where the line after the cell's signature starts.
func (p *textParser) marimoBody(kind string, start, end int) int {
	i, def := start, kind != "@app."
	for line := range bytes.Lines(p.src[start:end]) {
		i += len(line)
		def = def || bytes.HasPrefix(line, []byte("def ")) || bytes.HasPrefix(line, []byte("async def "))
		if code, _, _ := bytes.Cut(line, []byte("#")); def && bytes.HasSuffix(bytes.TrimSpace(code), []byte(":")) {
			break
		}
	}
	return i
}
