package pysource

import "strings"

// Literal describes a string literal. Offsets are in the cell's source.
type Literal struct {
	Prefix string // as written, "" when there is none
	Raw    bool   // r
	Bytes  bool   // b
	Format bool   // f
	// Template is set for t, the template strings of Python 3.14.
	Template bool
	Quote    byte // ' or "
	Triple   bool

	// ContentStart and ContentEnd bound what is between the quotes.
	ContentStart, ContentEnd int

	Fields []Field // the replacement fields, in order; only with f or t

	src string
}

// Field is a replacement field, {expression=!r:spec}.
type Field struct {
	Start, End int     // from { to past }
	Tokens     []Token // of the expression, with the = of Debug
	Debug      bool    // {expression=}: the text of the expression is in the value
	Conversion byte    // what follows !, or 0
	// SpecStart and SpecEnd bound the format specification; both are 0 when
	// there is none.
	SpecStart, SpecEnd int
	Spec               []Field // the fields within the specification
}

// delim returns the quotes that end the literal.
func (lit *Literal) delim() string {
	n := 1
	if lit.Triple {
		n = 3
	}
	return lit.src[lit.ContentStart-n : lit.ContentStart]
}

func isPrefix(s string) bool {
	switch strings.ToLower(s) {
	case "r", "b", "u", "f", "t", "br", "rb", "fr", "rf", "tr", "rt":
		return true
	}
	return false
}

// literal lexes a string literal whose prefix starts at start and whose quotes
// start at l.pos.
func (l *lexer) literal(start, nest int) (Token, error) {
	prefix := l.src[start:l.pos]
	lit := &Literal{
		Prefix:   prefix,
		Raw:      strings.ContainsAny(prefix, "rR"),
		Bytes:    strings.ContainsAny(prefix, "bB"),
		Format:   strings.ContainsAny(prefix, "fF"),
		Template: strings.ContainsAny(prefix, "tT"),
		Quote:    l.src[l.pos],
		src:      l.src,
	}
	q := l.src[l.pos : l.pos+1]
	lit.Triple = strings.HasPrefix(l.src[l.pos+1:], q+q)
	l.pos++
	if lit.Triple {
		l.pos += 2
	}
	lit.ContentStart = l.pos
	var err error
	if lit.Format || lit.Template {
		err = l.formatted(lit, start, nest)
	} else {
		err = l.plain(lit, start)
	}
	if err != nil {
		return Token{}, err
	}
	lit.ContentEnd = l.pos
	l.pos += len(lit.delim())
	return Token{Kind: String, Start: start, End: l.pos, Literal: lit}, nil
}

// ends reports whether the literal's closing quotes are at l.pos, and fails
// where the literal can no longer be closed.
func (l *lexer) ends(lit *Literal, start int) (bool, error) {
	if l.pos >= len(l.src) || !lit.Triple && isEOL(l.src[l.pos]) {
		return false, syntaxError(l.src, start, "the string is not closed")
	}
	return l.src[l.pos] == lit.Quote && strings.HasPrefix(l.src[l.pos:], lit.delim()), nil
}

// plain goes to the closing quotes. A backslash keeps the character after it
// from closing a literal, in raw literals too.
func (l *lexer) plain(lit *Literal, start int) error {
	for {
		if end, err := l.ends(lit, start); end || err != nil {
			return err
		}
		if l.src[l.pos] == '\\' {
			l.pos++
			l.pos += max(1, eolLen(l.src, l.pos))
			continue
		}
		l.pos++
	}
}

// formatted goes to the closing quotes of an f-string or t-string and gathers
// its fields. It reads the nested quotes of Python 3.12; what earlier versions
// accept reads the same.
func (l *lexer) formatted(lit *Literal, start, nest int) error {
	for {
		if end, err := l.ends(lit, start); end || err != nil {
			return err
		}
		switch c := l.src[l.pos]; {
		case c == '\\':
			l.backslash(lit)
		case c == '{' && strings.HasPrefix(l.src[l.pos:], "{{"), c == '}' && strings.HasPrefix(l.src[l.pos:], "}}"):
			l.pos += 2
		case c == '{':
			f, err := l.field(lit, start, nest+1)
			if err != nil {
				return err
			}
			lit.Fields = append(lit.Fields, f)
		case c == '}':
			return syntaxError(l.src, l.pos, "single } in a formatted string")
		default:
			l.pos++
		}
	}
}

// backslash steps over a backslash in the text of a formatted string and what
// it protects: never a brace, but the braces of \N{…}.
func (l *lexer) backslash(lit *Literal) {
	l.pos++
	if l.pos >= len(l.src) || l.src[l.pos] == '{' || l.src[l.pos] == '}' {
		return
	}
	if !lit.Raw {
		if n := namedLen(l.src[l.pos:]); n > 0 {
			l.pos += n
			return
		}
	}
	l.pos += max(1, eolLen(l.src, l.pos))
}

// namedLen is the length of N{…} at the start of s, 0 when it is not there. The
// longest name in Unicode has fewer than 100 characters.
func namedLen(s string) int {
	if !strings.HasPrefix(s, "N{") {
		return 0
	}
	for i := 2; i < min(len(s), 128); i++ {
		switch c := s[i]; {
		case c == '}':
			return i + 1
		case isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == ' ' || c == '-':
		default:
			return 0
		}
	}
	return 0
}

// field lexes the replacement field at l.pos. start is where its literal
// starts, for errors; nest counts the field itself.
func (l *lexer) field(lit *Literal, start, nest int) (Field, error) {
	f := Field{Start: l.pos}
	if nest > maxNest {
		return f, syntaxError(l.src, l.pos, "replacement fields are nested too deeply")
	}
	l.pos++
	depth := 0
	for l.pos < len(l.src) {
		if c := l.src[l.pos]; depth == 0 {
			switch {
			case c == '}' || c == ':' || c == '!' && !strings.HasPrefix(l.src[l.pos:], "!="):
				return f, l.fieldEnd(&f, lit, start, nest)
			}
		}
		t, err := l.one(nest)
		if err != nil {
			return f, err
		}
		switch {
		case t.Kind == Newline:
			t.Kind = NL
		case t.Kind == Op:
			switch l.src[t.Start] {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth = max(0, depth-1)
			case '=':
				f.Debug = f.Debug || depth == 0 && t.End-t.Start == 1
			}
		}
		f.Tokens = append(f.Tokens, t)
	}
	return f, syntaxError(l.src, start, "a replacement field of the string is not closed")
}

// fieldEnd lexes what follows a field's expression: conversion, specification
// and the closing brace.
func (l *lexer) fieldEnd(f *Field, lit *Literal, start, nest int) error {
	if l.src[l.pos] == '!' {
		l.pos++
		for l.pos < len(l.src) && (isBlank(l.src[l.pos]) || isNameByte(l.src[l.pos])) {
			if f.Conversion == 0 && !isBlank(l.src[l.pos]) {
				f.Conversion = l.src[l.pos]
			}
			l.pos++
		}
	}
	if l.pos < len(l.src) && l.src[l.pos] == ':' {
		l.pos++
		f.SpecStart = l.pos
		if err := l.spec(f, lit, start, nest); err != nil {
			return err
		}
		f.SpecEnd = l.pos
	}
	if l.pos >= len(l.src) || l.src[l.pos] != '}' {
		return syntaxError(l.src, start, "a replacement field of the string is not closed")
	}
	l.pos++
	f.End = l.pos
	return nil
}

// spec goes to the brace that ends a format specification, where braces are
// never doubled.
func (l *lexer) spec(f *Field, lit *Literal, start, nest int) error {
	for {
		end, err := l.ends(lit, start)
		if err != nil {
			return err
		}
		switch c := l.src[l.pos]; {
		case c == '}' || end:
			return nil
		case c == '\\':
			l.backslash(lit)
		case c == '{':
			inner, err := l.field(lit, start, nest+1)
			if err != nil {
				return err
			}
			f.Spec = append(f.Spec, inner)
		default:
			l.pos++
		}
	}
}
