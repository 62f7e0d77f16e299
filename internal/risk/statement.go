package risk

import (
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/pysource"
)

// read reads a cell, statement by statement.
func (f *finder) read(c *code) {
	last := value{}
	inner := false // the line is indented, so that it displays nothing
	for from := 0; from < len(c.toks); {
		to := from
		for to < len(c.toks) && c.kind(to) != pysource.Newline && c.text(to) != ";" {
			to = c.skip(to, len(c.toks))
		}
		if from == 0 || c.kind(from-1) == pysource.Newline {
			inner = indented(c.src, c.toks[from].Start)
		}
		if from < to {
			last = f.statement(c, from, to)
			if inner || c.text(to) == ";" {
				last = value{}
			}
		}
		from = to + 1
	}
	f.report(last, displayed)
}

// statement reads one simple statement, or the header of a block with what
// follows on its line, and returns what it would display at the end of a cell.
func (f *finder) statement(c *code, from, to int) value {
	if t := c.toks[from]; t.Kind == pysource.Magic || t.Kind == pysource.Foreign {
		f.escape(c, t)
		return value{}
	}
	f.sinks(c, from, to)
	switch first := c.text(from); first {
	case "for":
		f.loop(c, from, to)
		return value{}
	case "del":
		for i := from + 1; i < to; i++ {
			if c.kind(i) == pysource.Name {
				delete(f.names, c.text(i))
			}
		}
		return value{}
	case "import", "from", "def", "class", "return", "if", "elif", "else", "while", "with", "try", "except", "finally", "raise", "assert",
		"global", "nonlocal", "pass", "break", "continue", "async", "await", "yield", "@", "match", "case", "print", "display":
		return value{}
	}
	if equals := c.find(from, to, "="); equals >= 0 {
		f.assign(c, from, equals, to)
		return value{}
	}
	if c.find(from, to, "+=", "-=", ":", "|=", "*=") >= 0 {
		return value{}
	}
	if f.hasSink(c, from, to) {
		return value{}
	}
	return f.expression(c, from, to, 0)
}

// indented reports whether the line of an offset begins with white space.
func indented(src string, at int) bool {
	start := strings.LastIndexAny(src[:at], "\r\n") + 1
	return start < at && (src[start] == ' ' || src[start] == '\t')
}

// loop follows for NAMES in ITERABLE: what goes through os.environ.items() has
// the variables' values.
func (f *finder) loop(c *code, from, to int) {
	in := c.find(from, to, "in")
	if in < 0 {
		return
	}
	end := c.find(in, to, ":")
	if end < 0 {
		end = to
	}
	v := f.expression(c, in+1, end, 0)
	iterates := v.holds == environ && (strings.HasSuffix(c.src[v.start:v.end], "items()") || strings.HasSuffix(c.src[v.start:v.end], "values()") ||
		c.text(end-3) == "items" || c.text(end-3) == "values")
	for i := from + 1; i < in; i++ {
		if c.kind(i) != pysource.Name {
			continue
		}
		f.names[c.text(i)] = harmless
		if iterates && i == in-1 {
			f.names[c.text(i)] = environ
		}
		if !iterates && secretName(c.text(i)) {
			delete(f.names, c.text(i))
		}
	}
}

// assign follows TARGET = … = VALUE, where the first = is at token equals.
func (f *finder) assign(c *code, from, equals, to int) {
	targets := []string{}
	for equals >= 0 {
		// name, or name: type
		if c.kind(from) == pysource.Name && (equals == from+1 || c.text(from+1) == ":") {
			targets = append(targets, c.text(from))
		} else {
			several := c.find(from, equals, ",") >= 0
			for i := from; i < equals && several; i = c.skip(i, equals) {
				if c.kind(i) == pysource.Name && c.text(i+1) != "." && c.text(i-1) != "." {
					delete(f.names, c.text(i)) // of several values, which is which is not followed
				}
			}
		}
		from = equals + 1
		equals = c.find(from, to, "=")
	}
	if from >= to {
		return
	}
	h := f.assigned(c, from, to)
	for _, name := range targets {
		if f.cell.Parameters && secretName(name) && (c.kind(from) == pysource.String || c.text(from) == "None") {
			f.events = append(f.events, Event{Cell: f.index, Start: c.toks[from].Start, End: c.src0(to - 1), Rule: parameter, Name: name})
		}
		if h == unknown && secretName(name) {
			delete(f.names, name) // the name says that it is one
			continue
		}
		if h == unknown {
			h = harmless
		}
		f.names[name] = h
	}
}

// assigned says what the value between tokens from and to holds.
func (f *finder) assigned(c *code, from, to int) holds {
	if v := f.expression(c, from, to, 0); shows(v) {
		switch {
		case c.text(from) == "[" || c.text(from) == "{":
			return unknown
		case v.holds == longPart:
			return secret
		}
		return v.holds
	}
	simple := true // literals and operators only
	for i := from; i < to; i++ {
		t := c.toks[i]
		simple = simple && (t.Kind == pysource.String || t.Kind == pysource.Number || t.Kind == pysource.Op || t.Kind == pysource.Name && keyword(c.text(i)))
	}
	if !simple {
		return unknown
	}
	start, end := c.toks[from].Start, c.toks[to-1].End
	if c.kind(from) == pysource.String && slices.ContainsFunc(f.cell.Credentials, func(r pysource.Range) bool { return start <= r.Start && r.End <= end }) {
		return secret
	}
	return harmless
}

func keyword(s string) bool { return s == "None" || s == "True" || s == "False" }

// sink says by which rule the call of the name at token i shows its arguments;
// nil when it shows none.
func (f *finder) sink(c *code, i int) *Rule {
	if c.kind(i) != pysource.Name || c.text(i+1) != "(" {
		return nil
	}
	dot := c.text(i-1) == "."
	switch c.text(i) {
	case "print", "pprint", "display":
		if !dot || c.text(i-2) == "pprint" || c.text(i-2) == "console" || c.text(i-2) == "rich" {
			if c.text(i-1) != "def" {
				return printed
			}
		}
	case "write":
		if dot && (c.text(i-2) == "stdout" || c.text(i-2) == "stderr" || c.text(i-2) == "st") {
			return printed
		}
	case "debug", "info", "warning", "warn", "error", "critical", "exception", "log":
		if dot && slices.Contains([]string{"logging", "logger", "log", "LOGGER", "LOG", "_logger", "_log"}, c.text(i-2)) {
			return logged
		}
	}
	return nil
}

func (f *finder) hasSink(c *code, from, to int) bool {
	for i := from; i < to; i = c.skip(i, to) {
		if f.sink(c, i) != nil {
			return true
		}
	}
	return false
}

// sinks looks for calls that show their arguments, at any depth.
func (f *finder) sinks(c *code, from, to int) {
	for i := from; i < to; i++ {
		rule := f.sink(c, i)
		if rule == nil {
			continue
		}
		end := min(c.match[i+1], to)
		var args [][2]int
		elsewhere := false
		c.split(i+2, end, ",", func(from, to int) {
			if c.kind(from) == pysource.Name && c.text(from+1) == "=" {
				elsewhere = elsewhere || c.text(from) == "file" && c.text(from+2) != "sys"
				return
			}
			args = append(args, [2]int{from, to})
		})
		if elsewhere {
			continue
		}
		for _, a := range args {
			start := a[0]
			for start < a[1] && c.text(start) == "*" {
				start++
			}
			v := f.expression(c, start, a[1], 0)
			if v.holds == sealed && c.text(i) == "display" {
				continue
			}
			f.report(v, rule)
		}
	}
}
