package notebook

import "bytes"

// isSpin reports whether an R script is for knitr's spin(): it names a chunk's
// options, or begins with YAML in comments. Comments that begin with "#'" alone
// are roxygen's as well.
func (p *textParser) isSpin() bool {
	if p.t.Language != "r" {
		return false
	}
	first := true
	for line := range bytes.Lines(p.head) {
		line = bytes.TrimRight(line, " \t\r\n")
		if _, ok := spinOptions(line); ok || first && string(line) == "#' ---" {
			return true
		}
		first = first && len(line) == 0
	}
	return false
}

// spinOptions is what stands behind "#+" or "#-", which begin a chunk.
func spinOptions(line []byte) (n int, ok bool) {
	if len(line) < 2 || line[0] != '#' || line[1] != '+' && line[1] != '-' {
		return 0, false
	}
	rest := bytes.TrimLeft(line[2:], " \t")
	if len(rest) > 0 && !isLetter(rest[0]) || len(rest) > 0 && line[1] == '-' || line[1] == '-' && len(line) > 2 {
		return 0, false // a rule of dashes, text in a comment
	}
	return len(line) - len(rest), true
}

// spin reads text in comments that begin with "#'", and the code between
// (https://yihui.org/knitr/demo/stitch/#spin-a-script).
func (p *textParser) spin() {
	const text = "#'"
	start, inText, cell := p.at, false, 0
	flush := func(end int) {
		if cell == 0 && (start >= end || p.blank(start, end)) {
			return
		}
		if cell == 0 {
			cell = p.next()
		}
		if inText {
			p.source(cell, "markdown", "markdown", start, end, roxygen)
		} else {
			p.source(cell, "code", "r", start, end, asIs)
		}
	}
	for {
		line, at, ok := p.line()
		if !ok {
			flush(len(p.src))
			return
		}
		n, options := spinOptions(line)
		isText := bytes.HasPrefix(line, []byte(text))
		switch {
		case options:
			flush(at)
			start, inText, cell = p.at, false, p.next()
			p.meta(cell, "options", "", at+n, at+len(line), asIs)
		case isText != inText && (isText || len(line) > 0):
			flush(at)
			start, inText, cell = at, isText, 0
		}
	}
}
