package pysource

import "strings"

// runsBody reports whether a cell magic runs its body as Python in the kernel
// itself: IPython's own, then those of memory_profiler, snakeviz and
// pyinstrument. %%python and its like start another process.
func runsBody(magic string) bool {
	switch magic {
	case "time", "timeit", "capture", "prun", "debug", "memit", "snakeviz", "pyinstrument":
		return true
	}
	return false
}

// cellMagics lexes the cell magic that the cell starts with, after empty lines
// and indentation, and those that its body starts with in turn. It reports
// whether the rest of the cell is Foreign, which it then has added.
func (l *lexer) cellMagics() bool {
	for {
		at := firstText(l.src, l.pos)
		end := endOfLine(l.src, at)
		line := l.src[at:end]
		if !strings.HasPrefix(line, "%%") || isHelp(line) {
			return false
		}
		l.blank(at)
		name, _, _ := strings.Cut(strings.TrimRight(line[2:], " \t\f"), " ")
		l.pos = end
		l.add(Token{Kind: Magic, Start: at, End: end, Escape: &Escape{Symbol: "%%", Name: name, Args: at + 2 + len(name)}})
		if n := eolLen(l.src, end); n > 0 {
			l.pos += n
			l.add(Token{Kind: Newline, Start: end, End: l.pos})
		}
		if !runsBody(name) {
			if l.pos < len(l.src) {
				l.add(Token{Kind: Foreign, Start: l.pos, End: len(l.src)})
				l.pos = len(l.src)
			}
			return true
		}
	}
}

// isHelp recognises %%name?, which asks for help and is no cell magic.
func isHelp(line string) bool {
	i := 2
	for i < len(line) && isNameByte(line[i]) {
		i++
	}
	return i > 2 && i < len(line) && line[i] == '?'
}

// firstText is the offset of the first byte at or after i that is neither a
// blank nor a line end.
func firstText(src string, i int) int {
	for i < len(src) && (isBlank(src[i]) || isEOL(src[i])) {
		i++
	}
	return i
}

// blank adds tokens for the blanks and line ends up to the offset end.
func (l *lexer) blank(end int) {
	for l.pos < end {
		start, kind := l.pos, NL
		if n := eolLen(l.src, l.pos); n > 0 {
			l.pos += n
		} else {
			kind = Space
			for l.pos < end && isBlank(l.src[l.pos]) {
				l.pos++
			}
		}
		l.add(Token{Kind: kind, Start: start, End: l.pos})
	}
}

// escape reports what IPython makes of the rest of the line at l.pos, nil when
// it leaves it to Python. The caller is outside of brackets.
func (l *lexer) escape() *Escape {
	rest := l.src[l.pos:]
	switch {
	case l.first < 0:
		return l.escapedLine(rest)
	case l.assign < 0 || l.last != l.assign:
		return nil
	case rest[0] == '%':
		i := 1
		for i < len(rest) && isBlank(rest[i]) {
			i++
		}
		if i < len(rest) && isNameByte(rest[i]) && !isDigit(rest[i]) {
			return &Escape{Symbol: "%", Name: magicName(rest[i:]), Args: l.pos + i + len(magicName(rest[i:])), Assigned: true}
		}
	case rest[0] == '!' && !strings.HasPrefix(rest, "!="):
		return &Escape{Symbol: "!", Args: l.pos + 1, Assigned: true}
	}
	return nil
}

// escapedLine is escape for the first token of a logical line.
func (l *lexer) escapedLine(rest string) *Escape {
	if strings.IndexByte("%!?/,;", rest[0]) < 0 {
		return nil
	}
	if opLen(rest) > 1 { // %=, /=, // and != are no escapes, %% is no operator
		return nil
	}
	symbol := rest[:1]
	if len(rest) > 1 && (rest[:2] == "!!" || rest[:2] == "??" || rest[:2] == "%%") {
		symbol = rest[:2]
	}
	e := &Escape{Symbol: symbol, Args: l.pos + len(symbol)}
	if symbol[0] == '%' {
		e.Name = magicName(rest[len(symbol):])
		e.Args += len(e.Name)
	}
	return e
}

// magicName is what IPython takes as the magic's name: all up to a blank.
func magicName(s string) string {
	if i := strings.IndexAny(s, " \r\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// endOfEscaped is where a magic or shell line ends: at the first line end that
// no backslash stands before.
func endOfEscaped(src string, i int) int {
	for {
		end := endOfLine(src, i)
		if end >= len(src) || src[end-1] != '\\' || end == i {
			return end
		}
		i = end + eolLen(src, end)
	}
}

// help turns the logical line that ends here into one Magic token when it ends
// with a question mark, as in obj?.
func (l *lexer) help() {
	if l.last < 0 || l.depth > 0 {
		return
	}
	t := l.toks[l.last]
	if t.Kind != Other || l.src[t.Start] != '?' {
		return
	}
	start := l.toks[l.first].Start
	tail := append([]Token(nil), l.toks[l.last+1:]...)
	l.toks = append(l.toks[:l.first], Token{Kind: Magic, Start: start, End: t.End, Escape: &Escape{Symbol: "?", Args: start}})
	l.last = l.first
	l.toks = append(l.toks, tail...)
}
