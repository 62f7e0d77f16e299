package notebook

import "bytes"

// light reads jupytext's light format: paragraphs are cells, of comments a
// markdown cell, of anything else a code cell; a cell with blank lines stands
// between "# +" and "# -".
func (p *textParser) light() {
	for {
		line, at, ok := p.line()
		switch {
		case !ok:
			return
		case len(bytes.TrimSpace(line)) == 0:
		case p.isEnd(line):
		default:
			if n := p.explicit(line); n > 0 {
				p.explicitCell(at, n, len(line))
			} else {
				p.at = at
				p.paragraph()
			}
		}
	}
}

// explicit is the length of the marker that opens a cell, 0 when line is none.
func (p *textParser) explicit(line []byte) int {
	for _, word := range [...]string{" +", "+", " region", " %%region"} {
		if rest, ok := bytes.CutPrefix(line, []byte(p.t.sign+word)); ok {
			text := bytes.TrimSpace(rest)
			if len(text) == 0 || text[0] == '{' || text[0] == '[' || hasOption(text) || word == " region" && isSpace(rest[0]) {
				return len(line) - len(rest)
			}
		}
	}
	return 0
}

// hasOption reports whether one of the words is "key=value".
func hasOption(text []byte) bool {
	for _, word := range bytes.Fields(text) {
		if k := bytes.IndexByte(word, '='); k > 0 && k+1 < len(word) && isPlainWord(string(word[:k])) {
			return true
		}
	}
	return false
}

// isEnd reports whether the line closes a cell.
func (p *textParser) isEnd(line []byte) bool {
	switch rest, ok := bytes.CutPrefix(line, []byte(p.t.sign)); string(bytes.TrimSpace(rest)) {
	case "-", "endregion":
		return ok
	}
	return false
}

// explicitCell reads a cell whose marker, n bytes of a line of the given
// length, was just read.
func (p *textParser) explicitCell(at, n, length int) {
	cell, start := p.next(), p.at
	p.meta(cell, "options", "", at+n, at+length, asIs)
	for {
		line, end, ok := p.line()
		switch {
		case !ok:
			end = len(p.src)
		case p.isEnd(line):
		case p.explicit(line) > 0:
			p.at = end
		default:
			continue
		}
		p.scriptCell(cell, string(p.src[at+n:at+length]), start, end)
		return
	}
}

// paragraph reads a cell that ends at a blank line, unless code goes on behind.
func (p *textParser) paragraph() {
	start, end := p.at, p.at
	quote := byte(0)
	gap := false
	allComments, magicLine := true, false
	for {
		line, at, ok := p.line()
		if !ok {
			break
		}
		if len(bytes.TrimSpace(line)) == 0 && quote == 0 {
			gap = true
			continue
		}
		width := commentWidth(line, p.t.sign)
		if quote == 0 && (p.explicit(line) > 0 || p.isEnd(line) || gap && (allComments || !isSpace(line[0]) && line[0] != ')' && line[0] != ']' && line[0] != '}')) {
			p.at = at
			break
		}
		gap = false
		allComments = allComments && quote == 0 && width > 0
		magicLine = magicLine || isMagic(line[width:])
		quote = tripleQuote(line, quote)
		end = p.at
	}
	kind, lang, s := "code", p.t.Language, magics
	if allComments && !magicLine {
		kind, lang, s = "markdown", "markdown", comment
	}
	p.source(p.next(), kind, lang, start, end, s)
}

// tripleQuote is the quote of the triple-quoted string that is open behind the
// line, 0 for none; open is the answer for the line before.
func tripleQuote(line []byte, open byte) byte {
	single := byte(0)
	for i := 0; i < len(line); i++ {
		b := line[i]
		triple := (b == '"' || b == '\'') && i+2 < len(line) && line[i+1] == b && line[i+2] == b
		switch {
		case b == '\\':
			i++
		case open != 0:
			if b == open && triple {
				open, i = 0, i+2
			}
		case single != 0:
			if b == single {
				single = 0
			}
		case b == '#':
			return 0
		case triple:
			open, i = b, i+2
		case b == '"' || b == '\'':
			single = b
		}
	}
	return open
}
