package risk

import (
	"slices"
	"strconv"

	"github.com/nbseal/nbseal/internal/pysource"
)

// maxDepth is how deep brackets and fields are followed.
const maxDepth = 24

// expression returns the first thing in an expression that its text would show.
func (f *finder) expression(c *code, from, to, depth int) value {
	if depth > maxDepth || from >= to {
		return value{}
	}
	if i := c.find(from, to, "lambda", ":="); i >= 0 {
		return value{}
	}
	// a if condition else b; and what a comprehension gives comes before its for.
	if i := c.find(from, to, "for"); i >= 0 {
		to = i
	}
	if i := c.find(from, to, "if"); i >= 0 {
		if v := f.expression(c, from, i, depth+1); shows(v) {
			return v
		}
		if e := c.find(i, to, "else"); e >= 0 {
			return f.expression(c, e+1, to, depth+1)
		}
		return value{}
	}
	if c.find(from, to, "==", "!=", "<", ">", "<=", ">=", "in", "is", "not") >= 0 {
		return value{} // true or false
	}
	masked := false
	for i := from; i < to; {
		v, next := f.primary(c, i, to, depth)
		if shows(v) {
			return v
		}
		masked = masked || v.holds == shortPart
		i = max(next, i+1)
	}
	return value{}
}

func shows(v value) bool {
	return v.holds == secret || v.holds == sealed || v.holds == longPart || v.holds == environ
}

// primary reads what stands at token i with all that is called on it, and
// returns what it shows and the index after it.
func (f *finder) primary(c *code, i, to, depth int) (value, int) {
	t := c.toks[i]
	v := value{start: t.Start, end: t.End}
	base, name := "", ""
	switch {
	case t.Kind == pysource.String:
		v = f.literal(c, t, depth)
	case c.match[i] >= 0:
		v = f.items(c, i+1, min(c.match[i], to), depth)
		v.end = max(v.end, v.start)
		if c.text(i) == "[" || c.text(i) == "{" {
			return v, c.skip(i, to)
		}
		i = c.skip(i, to) - 1
	case t.Kind == pysource.Name:
		name = c.text(i)
		v.name, v.holds = name, f.name(name)
	default:
		return value{}, i + 1
	}
	for i++; i < to; {
		switch c.text(i) {
		case ".":
			base, name = name, c.text(i+1)
			v = f.attribute(c, v, base, name, i+1)
			i += 2
		case "(":
			end := min(c.match[i], to)
			v = f.call(c, v, base, name, i, end, depth)
			base, name = "", ""
			i = c.skip(i, to)
		case "[":
			end := min(c.match[i], to)
			v = f.subscript(c, v, name, i, end)
			base, name = "", ""
			i = c.skip(i, to)
		default:
			return v, i
		}
	}
	return v, i
}

// name says what a variable holds.
func (f *finder) name(name string) holds {
	if h := f.names[name]; h != unknown {
		return h
	}
	if secretName(name) {
		return secret
	}
	if name == "environ" {
		return environ
	}
	return unknown
}

// attribute is v.name, where v was the name base.
func (f *finder) attribute(c *code, v value, base, name string, i int) value {
	if i < len(c.toks) {
		v.end = c.toks[i].End
	}
	called := c.text(i+1) == "("
	switch {
	case base == "os" && name == "environ":
		v.holds, v.name = environ, ""
	case v.holds == environ && (name == "items" || name == "values" || name == "copy"):
	case v.holds == environ:
		v.holds = unknown
	case shows(v) && called && !slices.Contains(keeping, name):
		v.holds = unknown
	case shows(v):
	case !called && secretName(name):
		v.holds, v.name = secret, name
	}
	return v
}

// call is a call of v with the arguments between tokens i and end.
func (f *finder) call(c *code, v value, base, name string, i, end, depth int) value {
	at := value{start: v.start, end: c.src0(end), name: v.name}
	argument, literal := c.literalAt(i+1, end)
	if h := source(base, name, argument, literal); h != unknown {
		at.holds = h
		at.name = argument
		return at
	}
	switch {
	case name == "":
		return value{start: v.start}
	case base != "" && shows(v):
		v.end = at.end // a method that keeps it
		return v
	case (name == "list" || name == "tuple") && c.text(i+1) == "os" && c.text(i+3) == "environ" && c.text(i+4) == ")":
		return value{start: v.start} // names only
	case slices.Contains(showing, name):
		return f.items(c, i+1, end, depth+1)
	}
	return value{start: v.start}
}

// src0 is the offset past token i, which may be past the last.
func (c *code) src0(i int) int {
	if i >= len(c.toks) {
		i = len(c.toks) - 1
	}
	return c.toks[i].End
}

// literalAt returns the value of the string that is the first argument.
func (c *code) literalAt(i, end int) (string, bool) {
	if c.kind(i) != pysource.String || i >= end || i+1 < end && c.text(i+1) != "," {
		return "", false
	}
	s, err := c.toks[i].Value()
	return s, err == nil
}

// subscript is v[…] with what is between tokens i and end.
func (f *finder) subscript(c *code, v value, name string, i, end int) value {
	v.end = c.src0(end)
	argument, literal := c.literalAt(i+1, end)
	colon := c.find(i+1, end, ":")
	switch {
	case v.holds == environ || name == "secrets":
		if !literal || !secretVariable(argument) {
			return value{start: v.start}
		}
		v.holds, v.name = secret, argument
	case shows(v) && colon >= 0:
		v.holds = longPart
		if short(c, i+1, colon, end) {
			v.holds = shortPart
		}
	case shows(v) && c.kind(i+1) == pysource.Number:
		v.holds = shortPart
	}
	return v
}

// maxShort is how many letters of a secret may be shown.
const maxShort = 4

// short reports whether [:n] or [-n:] gives few letters.
func short(c *code, from, colon, end int) bool {
	few := func(i int) bool {
		n, err := strconv.Atoi(c.text(i))
		return err == nil && n <= maxShort
	}
	switch {
	case colon == from && end == colon+2:
		return few(colon + 1)
	case colon == from+2 && end == colon+1 && c.text(from) == "-":
		return few(from + 1)
	}
	return false
}

// items returns the first thing shown by expressions with commas between: the
// arguments of a call, or what a list, a dict or brackets hold.
func (f *finder) items(c *code, from, to, depth int) value {
	var found value
	c.split(from, to, ",", func(from, to int) {
		if shows(found) {
			return
		}
		if c.kind(from) == pysource.Name && c.text(from+1) == "=" {
			from += 2
		}
		if colon := c.find(from, to, ":"); colon >= 0 {
			from = colon + 1 // a dict's value
		}
		for from < to && (c.text(from) == "*" || c.text(from) == "**") {
			from++
		}
		found = f.expression(c, from, to, depth+1)
	})
	return found
}

// literal is what the fields of a formatted string show.
func (f *finder) literal(c *code, t pysource.Token, depth int) value {
	for _, field := range t.Literal.Fields {
		toks := field.Tokens
		if field.Debug && len(toks) > 0 {
			for len(toks) > 0 && (toks[len(toks)-1].Kind == pysource.Space || c.src[toks[len(toks)-1].Start:toks[len(toks)-1].End] == "=") {
				toks = toks[:len(toks)-1]
			}
		}
		inner := newCode(c.src, toks)
		v := f.expression(inner, 0, len(inner.toks), depth+1)
		if spec := c.src[field.SpecStart:field.SpecEnd]; shows(v) && len(spec) == 2 && spec[0] == '.' && spec[1] <= '0'+maxShort {
			continue
		}
		if v.holds == sealed && (field.Conversion == 'r' || field.Debug && field.Conversion == 0) {
			continue
		}
		if shows(v) {
			return v
		}
	}
	return value{start: t.Start, end: t.End}
}
