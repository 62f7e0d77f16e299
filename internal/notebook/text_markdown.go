package notebook

import (
	"bytes"
	"strings"
)

// markdown reads Markdown whose fenced code is run; false when it is ordinary
// Markdown.
func (p *textParser) markdown(ext string) bool {
	start := p.at
	end := p.frontMatter()
	front := p.src[start:max(start, end)]
	switch quarto := ext != ".md" && ext != ".markdown"; {
	case quarto && (end > 0 || bytes.Contains(p.head, []byte("```{"))):
		p.t.Flavour, p.t.Language = "quarto", ""
		if ext != ".qmd" {
			p.t.Language = "r"
		}
	case quarto:
		return false
	case bytes.Contains(p.head, []byte("```{code-cell}")) || bytes.Contains(front, []byte("format_name: myst")) ||
		bytes.Contains(front, []byte("\njupytext:")) || bytes.Contains(front, []byte("\nkernelspec:")): // jupytext's own has them below "jupyter"
		p.t.Flavour = "myst"
	case hasKey(front, "jupytext") || hasKey(front, "kernelspec") || hasKey(front, "jupyter"):
		p.t.Flavour = "markdown"
	default:
		return false
	}
	if end > 0 {
		p.jupytext = p.t.Flavour == "markdown" || p.t.Flavour == "quarto" && ext != ".qmd" && hasKey(front, "jupyter") && (hasKey(front, "jupytext") || hasKey(front, "kernelspec"))
		p.meta(0, "header", "yaml", start, end, asIs)
		p.at = end
		for _, key := range [...]string{"language", "name", "jupyter"} {
			if lang := chunkLanguage(yamlValue(front, key)); lang != "" && p.t.Language == "" && isPlainWord(lang) {
				p.t.Language = lang
			}
		}
	}
	if p.t.Language == "" {
		p.t.Language = "python"
	}
	if p.jupytext && p.t.Flavour == "quarto" {
		p.t.sign = "#"
	}
	p.chunks()
	return true
}

// frontMatter returns where the YAML at the start of the file ends, or 0.
func (p *textParser) frontMatter() (end int) {
	q := *p
	for n := 0; ; n++ {
		line, _, ok := q.line()
		text := string(bytes.TrimRight(line, " \t"))
		switch {
		case !ok || n == 0 && text != "---":
			return 0
		case n > 0 && (text == "---" || text == "..."):
			return q.at
		}
	}
}

// hasKey reports whether a line of the YAML begins with the key.
func hasKey(yaml []byte, key string) bool {
	for line := range bytes.Lines(yaml) {
		if bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte(key+":")) {
			return true
		}
	}
	return false
}

func isPlainWord(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && (i == 0 || !strings.ContainsRune("0123456789+-#", rune(s[i]))) {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 32
}

// fence is an opening line of fenced text.
type fence struct {
	char   byte
	length int
	info   int // where the info string starts in the line
}

// openFence reads the opening line of fenced text (CommonMark 0.31, 4.5); R
// Markdown indents them further, in lists.
func openFence(line []byte) (f fence, ok bool) {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '>') {
		i++
	}
	if i == len(line) || line[i] != '`' && line[i] != '~' {
		return f, false
	}
	f.char = line[i]
	for i < len(line) && line[i] == f.char {
		f.length++
		i++
	}
	f.info = i
	return f, f.length >= 3 && (f.char == '~' || bytes.IndexByte(line[i:], '`') < 0)
}

// closes reports whether line ends the fenced text.
func (f fence) closes(line []byte) bool {
	g, ok := openFence(line)
	return ok && g.char == f.char && g.length >= f.length && len(bytes.TrimSpace(line[g.info:])) == 0
}

// chunks reads code cells and the Markdown between them.
func (p *textParser) chunks() {
	start := p.at
	region := false      // it ends at its mark, not at blank lines
	blanks, cell := 0, 0 // cell: the number that a divider has given to what follows
	text := func(end int) {
		if !p.blank(start, end) {
			if cell == 0 {
				cell = p.next()
			}
			p.source(cell, "markdown", "markdown", start, end, asIs)
			cell = 0
		}
	}
	for {
		line, at, ok := p.line()
		if !ok {
			text(len(p.src))
			return
		}
		if n := p.divider(line); n > 0 {
			region = !bytes.HasPrefix(line, []byte("<!-- #end"))
			text(at)
			if options := bytes.TrimSpace(line[n:]); len(options) > 0 && string(options) != "-->" {
				cell = p.next()
				p.meta(cell, "options", "", at+n, at+len(line), asIs)
			}
			start = p.at
			continue
		}
		if len(bytes.TrimSpace(line)) == 0 {
			if blanks++; blanks == 2 && p.jupytext && !region {
				text(p.at)
				start = p.at
			}
			continue
		}
		blanks = 0
		f, ok := openFence(line)
		if !ok {
			continue
		}
		kind, lang, code := p.chunk(string(line[f.info:]))
		if code && !(region && p.jupytext) {
			text(at)
			cell = p.next()
			p.meta(cell, "options", "", at+f.info, at+len(line), asIs)
			body := p.at
			p.cell(cell, kind, lang, body, p.skipFence(f))
			start, cell = p.at, 0
		} else {
			p.skipFence(f)
		}
	}
}

// skipFence moves behind the fenced text and returns where its content ends.
func (p *textParser) skipFence(f fence) (end int) {
	for {
		line, at, ok := p.line()
		if !ok {
			return len(p.src)
		}
		if f.closes(line) {
			return at
		}
	}
}

// divider is the length of a mark between cells: "+++" in MyST, comments that
// open and close regions in jupytext's Markdown.
func (p *textParser) divider(line []byte) int {
	switch p.t.Flavour {
	case "myst":
		if bytes.HasPrefix(line, []byte("+++")) && (len(line) == 3 || isSpace(line[3])) {
			return 3
		}
	case "markdown", "quarto":
		if !p.jupytext {
			return 0
		}
		for _, mark := range [...]string{"<!-- #region", "<!-- #endregion", "<!-- #md", "<!-- #endmd", "<!-- #raw", "<!-- #endraw"} {
			if bytes.HasPrefix(line, []byte(mark)) {
				return len(mark)
			}
		}
	}
	return 0
}

// chunk says whether an info string makes a cell, and of which kind.
func (p *textParser) chunk(info string) (kind, lang string, ok bool) {
	info = strings.TrimSpace(info)
	switch p.t.Flavour {
	case "quarto":
		inner, found := strings.CutPrefix(info, "{")
		end := strings.IndexAny(inner, " ,}\t")
		if !found || end < 1 || !isPlainWord(chunkLanguage(inner[:end])) {
			return "", "", false
		}
		return "code", chunkLanguage(inner[:end]), true
	case "myst":
		if rest, found := strings.CutPrefix(info, "{raw-cell}"); found {
			return "raw", "", rest == "" || isSpace(rest[0])
		}
		rest, found := strings.CutPrefix(info, "{code-cell}")
		if lang = chunkLanguage(strings.TrimSpace(rest)); !isPlainWord(lang) {
			lang = p.t.Language
		}
		return "code", lang, found
	}
	word, _, _ := strings.Cut(info, " ")
	lang = chunkLanguage(word)
	return "code", lang, lang == p.t.Language || jupytextLanguages[lang]
}

// jupytextLanguages make a fence a cell in jupytext's Markdown, beside the
// notebook's own (languages.py in jupytext: the cell magics' languages).
var jupytextLanguages = map[string]bool{
	"python": true, "r": true, "julia": true, "shell": true, "sql": true, "perl": true, "ruby": true, "javascript": true,
	"scala": true, "html": true, "latex": true, "csharp": true, "fsharp": true, "powershell": true, "rust": true, "c++": true, "go": true,
}

// cell adds a code cell; MyST has options on its first lines, ":key: value" or
// YAML between "---".
func (p *textParser) cell(cell int, kind, lang string, start, end int) {
	if p.t.Flavour == "myst" {
		i, dashes := start, 0
		for line := range bytes.Lines(p.src[start:end]) {
			text := bytes.TrimSpace(line)
			isDash := string(text) == "---" && (dashes == 1 || i == start)
			if isDash {
				dashes++
			}
			if !isDash && dashes != 1 && (dashes == 2 || len(text) < 3 || text[0] != ':' || bytes.IndexByte(text[1:], ':') < 1) {
				break
			}
			i += len(line)
		}
		if dashes != 1 { // closed, or none
			p.meta(cell, "options", "yaml", start, i, asIs)
			start = i
		}
	}
	p.source(cell, kind, lang, start, end, magics) // R Markdown has them in comments
}
