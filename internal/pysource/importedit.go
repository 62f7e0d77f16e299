package pysource

import "strings"

// ImportEdit says where "import nbseal" is to be added to a cell: the text to
// insert and its offset in src. It goes after cell magics and imports from
// __future__, else to the top, but never before lines that have a meaning at
// the top only (#!, #@title, # %%, an encoding). It has the cell's indentation
// and line ends.
//
// It is not needed when the cell imports nbseal by that name on its outermost
// level, before anything in it that could be rewritten, nor when the cell
// cannot be read or runs no Python.
func ImportEdit(src string) (offset int, text string, needed bool) {
	cell, err := Parse(src)
	if err != nil {
		return 0, "", false
	}
	for _, t := range cell.Tokens {
		if t.Kind == Foreign {
			return 0, "", false
		}
	}
	im := importer{lines: newLines(cell), eol: lineEnd(src)}
	im.statements()
	if im.bound {
		return 0, "", false
	}
	if im.future >= 0 {
		offset, text = im.afterFuture()
	} else {
		offset, text = im.top()
	}
	return offset, text, true
}

// lineEnd is the first line end of src, a line feed when it has none.
func lineEnd(src string) string {
	i := endOfLine(src, 0)
	if n := eolLen(src, i); n > 0 {
		return src[i : i+n]
	}
	return "\n"
}

type importer struct {
	*lines
	eol    string
	indent string // what stands before the first statement
	future int    // last token of the last import from __future__, or -1
	bound  bool   // import nbseal stands before all that could be rewritten
}

// statements looks at the simple statements of the outermost level.
func (im *importer) statements() {
	im.future = -1
	seen, any := false, false // something that could be rewritten; any statement
	block := false            // a colon before makes the line a block
	for i, t := range im.toks {
		if t.Kind == String || t.Kind == Magic && (t.Escape.Name == "env" || t.Escape.Name == "set_env") {
			seen = true
		}
		if !significant(t.Kind) || im.open[i] >= 0 || t.Kind == Magic && t.Escape.Symbol == "%%" {
			continue
		}
		block = im.first[i] != i && (block || im.is(i, ":"))
		starts := im.first[i] == i || im.is(im.prev(i, true), ";") && im.open[im.prev(i, true)] < 0
		if !starts {
			continue
		}
		if indent := im.indentOf(im.first[i]); !any {
			im.indent, any = indent, true
		} else if indent != im.indent {
			continue
		}
		switch {
		case im.is(i, "from") && im.is(im.next(i, true), "__future__"):
			im.future = im.endOf(i)
		case im.is(i, "import") && !seen && !block && im.binds(i):
			im.bound = true
		}
	}
}

// indentOf is the white space between the line's start and token i.
func (im *importer) indentOf(i int) string {
	if i > 0 && im.toks[i-1].Kind == Space && (i == 1 || isEOL(im.src[im.toks[i-1].Start-1])) {
		return strings.TrimPrefix(im.text(i-1), "\ufeff")
	}
	return ""
}

// endOf is the last token of the simple statement that starts at token i.
func (im *importer) endOf(i int) int {
	last := i
	for ; i < len(im.toks) && im.toks[i].Kind != Newline; i++ {
		if im.open[i] < 0 && im.is(i, ";") {
			break
		}
		if significant(im.toks[i].Kind) {
			last = i
		}
	}
	return last
}

// binds reports whether the import statement at token i binds the name nbseal
// to the module: import nbseal, import nbseal.x, import os, nbseal.
func (im *importer) binds(i int) bool {
	end := im.endOf(i)
	for i < end {
		name := im.next(i, true)
		i = name
		for i <= end && !im.is(i, ",") && !im.is(i, "as") {
			i = im.next(i, true)
		}
		as := i <= end && im.is(i, "as")
		if im.is(name, "nbseal") && (!as || im.is(im.next(name, true), "as") && im.is(im.next(i, true), "nbseal")) {
			return true
		}
		for i <= end && !im.is(i, ",") {
			i = im.next(i, true)
		}
	}
	return false
}

// afterFuture is the edit after the last import from __future__.
func (im *importer) afterFuture() (int, string) {
	semicolon := im.next(im.future, true)
	if im.is(semicolon, ";") {
		if after := im.next(semicolon, true); after < len(im.toks) && im.toks[after].Kind != Newline {
			return im.toks[semicolon].End, " import nbseal;"
		}
	}
	for i := im.future; i < len(im.toks); i++ {
		if im.toks[i].Kind == Newline {
			return im.toks[i].End, im.indent + "import nbseal" + im.eol
		}
	}
	return len(im.src), im.eol + im.indent + "import nbseal"
}

// top is the edit at the start of the cell's Python.
func (im *importer) top() (int, string) {
	at := 0
	for i, t := range im.toks {
		if t.Kind == Magic && t.Escape.Symbol == "%%" {
			if i+1 == len(im.toks) {
				return t.End, im.eol + "import nbseal"
			}
			at = im.toks[i+1].End
		} else if significant(t.Kind) || t.Kind == Comment {
			break
		}
	}
	if at == 0 && strings.HasPrefix(im.src, "\ufeff") {
		at = len("\ufeff")
	}
	for {
		end := endOfLine(im.src, at)
		line := im.src[at:end]
		if end == len(im.src) || !bindsToTop(line) {
			break
		}
		at = end + eolLen(im.src, end)
	}
	return at, im.indent + "import nbseal" + im.eol
}

// bindsToTop recognises comments that mean something to a program when they are
// a cell's first line.
func bindsToTop(line string) bool {
	for _, prefix := range []string{"#!", "#@", "# @", "#%%", "# %%", "# -*-", "# coding", "# +"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
