package pysource

// This file knows as much of Python's grammar as it takes to tell where a
// literal cannot become an expression.

// lines says for each token of a cell where in a statement it is.
type lines struct {
	src  string
	toks []Token
	// first is the first significant token of its logical line, open the
	// innermost bracket around it, each an index in toks or -1.
	first, open []int

	guards map[int]int // by the first token of a line: what guard found
	future int         // what hasFuture found: 0 not asked yet, 1 yes, -1 no
}

func newLines(c *Cell) *lines {
	l := &lines{src: c.Source, toks: c.Tokens, first: make([]int, len(c.Tokens)), open: make([]int, len(c.Tokens)), guards: map[int]int{}}
	first := -1
	var stack []int
	for i, t := range c.Tokens {
		if t.Kind == Op && len(stack) > 0 && isOneOf(l.src[t.Start], ")]}") {
			stack = stack[:len(stack)-1]
		}
		if first < 0 && significant(t.Kind) {
			first = i
		}
		l.first[i], l.open[i] = first, -1
		if len(stack) > 0 {
			l.open[i] = stack[len(stack)-1]
		}
		switch {
		case t.Kind == Newline:
			first = -1
		case t.Kind == Op && isOneOf(l.src[t.Start], "([{"):
			stack = append(stack, i)
		}
	}
	return l
}

func isOneOf(c byte, set string) bool {
	for i := range len(set) {
		if set[i] == c {
			return true
		}
	}
	return false
}

func significant(k Kind) bool {
	switch k {
	case Space, Continuation, Comment, NL, Newline:
		return false
	}
	return true
}

func (l *lines) text(i int) string { return l.src[l.toks[i].Start:l.toks[i].End] }

// is reports whether token i has the text; never for strings and comments.
func (l *lines) is(i int, text string) bool {
	return i >= 0 && i < len(l.toks) && (l.toks[i].Kind == Name || l.toks[i].Kind == Op) && l.text(i) == text
}

// prev and next give the nearest token that is significant or, with ends, a
// Newline; -1 and len(toks) when there is none.
func (l *lines) prev(i int, ends bool) int {
	for i--; i >= 0 && !significant(l.toks[i].Kind) && !(ends && l.toks[i].Kind == Newline); i-- {
	}
	return i
}

func (l *lines) next(i int, ends bool) int {
	for i++; i < len(l.toks) && !significant(l.toks[i].Kind) && !(ends && l.toks[i].Kind == Newline); i++ {
	}
	return i
}

// groupReason says why nothing in the group can be replaced, or "".
func (p *plan) groupReason(g *group) string {
	if p.rebound {
		return "the cell uses the name nbseal for something else"
	}
	for _, t := range g.lits {
		switch {
		case t.Literal.Template:
			return "it is in a template string, whose text must be constant"
		case t.Literal.Bytes != g.lits[0].Literal.Bytes:
			return "it is in adjacent strings of bytes and of text, which Python refuses"
		}
	}
	for _, e := range g.chain {
		switch {
		case e.lit.Template:
			return "it is in a template string, which keeps the text of its fields"
		case e.field.Debug:
			return "it is in a field with =, which shows the text of its expression"
		}
	}
	if len(g.chain) > 0 {
		return ""
	}
	if p.lines == nil {
		p.lines = newLines(p.cell)
	}
	l := p.lines
	switch {
	case l.inPattern(g.top):
		return "it is in a case pattern, where only constants are allowed"
	case l.open[g.top] >= 0 && l.is(l.open[g.top], "[") && l.is(l.prev(l.open[g.top], true), "Literal"):
		return "it is in a type, where only constants are allowed"
	}
	return l.docstring(g)
}

// inPattern reports whether token i is between case and the colon or the guard,
// in a line that starts like a case block.
func (l *lines) inPattern(i int) bool {
	c := l.first[i]
	if !l.is(c, "case") {
		return false
	}
	after := l.next(c, true)
	for _, text := range []string{":", "=", ".", ",", ")"} {
		if l.is(after, text) {
			return false
		}
	}
	if _, ok := l.guards[c]; !ok {
		l.guards[c] = l.guard(c)
	}
	return l.guards[c] > i
}

// guard is the index of the colon that ends the header starting at token i, or
// of an if before it; -1 when the line has no colon.
func (l *lines) guard(i int) int {
	guard := -1
	for ; i < len(l.toks) && l.toks[i].Kind != Newline; i++ {
		switch {
		case l.open[i] >= 0:
		case guard < 0 && l.is(i, "if"):
			guard = i
		case l.is(i, ":"):
			if guard < 0 {
				guard = i
			}
			return guard
		}
	}
	return -1
}

// docstring says why a group that is a statement of its own has to stay, or "".
func (l *lines) docstring(g *group) string {
	for _, t := range g.lits {
		if t.Literal.Format || t.Literal.Bytes {
			return ""
		}
	}
	before, after := l.prev(g.top, true), l.next(g.top+len(g.tokens)-1, true)
	for l.is(before, "(") && l.is(after, ")") {
		before, after = l.prev(before, true), l.next(after, true)
	}
	if after < len(l.toks) && l.toks[after].Kind != Newline && !l.is(after, ";") {
		return ""
	}
	if before < 0 || l.toks[before].Kind == Newline {
		before = l.prev(g.top, false)
		for l.is(before, "(") && l.first[before] == l.first[g.top] {
			before = l.prev(before, false)
		}
		if before < 0 || l.toks[before].Kind == Magic {
			if l.hasFuture() {
				return "it is the cell's docstring, which nothing but __future__ imports may follow"
			}
			return ""
		}
	}
	if l.isDefColon(before) {
		return "it is a docstring, which has to be constant"
	}
	return ""
}

// isDefColon reports whether token i is the colon of a def or a class.
func (l *lines) isDefColon(i int) bool {
	if !l.is(i, ":") || l.open[i] >= 0 {
		return false
	}
	first := l.first[i]
	if !l.is(first, "def") && !l.is(first, "class") && !l.is(first, "async") {
		return false
	}
	for j := first; j < i; j++ {
		if l.is(j, ":") && l.open[j] < 0 {
			return false
		}
	}
	return true
}

// hasFuture reports whether some line of the cell imports from __future__.
func (l *lines) hasFuture() bool {
	if l.future == 0 {
		l.future = -1
		for i := range l.toks {
			if l.is(i, "__future__") && l.is(l.prev(i, true), "from") {
				l.future = 1
			}
		}
	}
	return l.future > 0
}

// rebinds reports whether the name nbseal may be bound to something else than
// the module: wherever it stands neither before a dot, nor after one, nor in
// import nbseal or from nbseal import. It errs on the side of yes.
func rebinds(src string, toks []Token) bool {
	l := &lines{src: src, toks: toks}
	statement := -1 // first token of the simple statement
	for i, t := range toks {
		switch {
		case t.Kind == Newline || l.is(i, ";") || l.is(i, ":"):
			statement = -1
		case statement < 0 && significant(t.Kind):
			statement = i
		}
		if t.Kind == String && fieldsRebind(src, t.Literal.Fields) {
			return true
		}
		if l.is(i, "nbseal") && l.rebound(i, l.is(statement, "import")) {
			return true
		}
	}
	return false
}

// rebound is rebinds for the name at token i. imports is set when it is in a
// statement that starts with import.
func (l *lines) rebound(i int, imports bool) bool {
	before, after := l.prev(i, true), l.next(i, true)
	switch {
	case l.is(before, "."), l.is(after, "."):
		return false
	case l.is(before, "from"):
		return !l.is(after, "import")
	case !imports:
		return true
	case l.is(before, "as"): // import nbseal as nbseal
		module := l.prev(before, true)
		return !l.is(module, "nbseal") || l.is(l.prev(module, true), ".")
	}
	return !l.is(before, "import") && !l.is(before, ",")
}

func fieldsRebind(src string, fields []Field) bool {
	for _, f := range fields {
		if rebinds(src, f.Tokens) || fieldsRebind(src, f.Spec) {
			return true
		}
	}
	return false
}
