package pysource

import (
	"strings"
	"unicode/utf8"
)

// maxNest is how many replacement fields may enclose one another; CPython 3.12
// and later stop at 150 f-strings, earlier ones at far fewer.
const maxNest = 100

// Parse splits the source of a cell into tokens. They cover every byte in
// order, without overlap. The error is a *[SyntaxError]: a string or a
// replacement field that is not closed, fields nested more than 100 deep, a NUL
// byte, or bytes that are not UTF-8. The time taken grows with len(src) alone.
func Parse(src string) (*Cell, error) {
	if err := checkText(src); err != nil {
		return nil, err
	}
	l := lexer{src: src}
	if err := l.cell(); err != nil {
		return nil, err
	}
	return &Cell{Source: src, Tokens: l.toks}, nil
}

// Lex returns the tokens of [Parse].
func Lex(src string) ([]Token, error) {
	c, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return c.Tokens, nil
}

func checkText(src string) error {
	if i := strings.IndexByte(src, 0); i >= 0 {
		return syntaxError(src, i, "NUL byte")
	}
	if utf8.ValidString(src) {
		return nil
	}
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRuneInString(src[i:])
		if r == utf8.RuneError && n == 1 {
			return syntaxError(src, i, "not UTF-8")
		}
		i += n
	}
	return nil
}

type lexer struct {
	src string
	pos int

	// The rest belongs to the cell's own lines; tokens of replacement fields
	// are kept by their field.
	toks   []Token
	depth  int // open brackets
	first  int // index of the first significant token of the logical line, or -1
	last   int // index of the last significant one, or -1
	assign int // index of the first = of the line outside of brackets, or -1
}

// cell lexes the whole source into l.toks.
func (l *lexer) cell() error {
	if strings.HasPrefix(l.src, "\ufeff") {
		l.pos = len("\ufeff")
		l.add(Token{Kind: Space, Start: 0, End: l.pos})
	}
	if l.cellMagics() {
		return nil
	}
	l.startLine()
	for l.pos < len(l.src) {
		if l.depth == 0 {
			if esc := l.escape(); esc != nil {
				start := l.pos
				l.pos = endOfEscaped(l.src, start)
				l.add(Token{Kind: Magic, Start: start, End: l.pos, Escape: esc})
				continue
			}
		}
		t, err := l.one(0)
		if err != nil {
			return err
		}
		l.line(&t)
	}
	l.help()
	return nil
}

func (l *lexer) add(t Token) {
	l.toks = append(l.toks, t)
	switch t.Kind {
	case Space, Continuation, Comment, NL, Newline:
	default:
		l.last = len(l.toks) - 1
		if l.first < 0 {
			l.first = l.last
		}
	}
}

func (l *lexer) startLine() { l.first, l.last, l.assign = -1, -1, -1 }

// line adds a token and keeps what is known of the logical line it is in.
func (l *lexer) line(t *Token) {
	if t.Kind != Newline {
		l.add(*t)
		if t.Kind == Op {
			switch l.src[t.Start] {
			case '(', '[', '{':
				l.depth++
			case ')', ']', '}':
				l.depth = max(0, l.depth-1)
			case '=':
				if t.End-t.Start == 1 && l.depth == 0 && l.assign < 0 {
					l.assign = len(l.toks) - 1
				}
			}
		}
		return
	}
	if l.depth > 0 || l.first < 0 {
		t.Kind = NL
	} else {
		l.help()
	}
	l.add(*t)
	if l.depth == 0 {
		l.startLine()
	}
}

// one lexes the Python token at l.pos. It gives every line end as a Newline;
// the caller knows about brackets. nest is the number of replacement fields
// around the token.
func (l *lexer) one(nest int) (Token, error) {
	start, c := l.pos, l.src[l.pos]
	kind := Other
	switch {
	case isBlank(c):
		for l.pos < len(l.src) && isBlank(l.src[l.pos]) {
			l.pos++
		}
		kind = Space
	case isEOL(c):
		l.pos += eolLen(l.src, l.pos)
		kind = Newline
	case c == '#':
		l.pos = endOfLine(l.src, l.pos)
		kind = Comment
	case c == '\\':
		l.pos++
		if n := eolLen(l.src, l.pos); n > 0 {
			l.pos += n
			kind = Continuation
		}
	case c == '\'' || c == '"':
		return l.literal(start, nest)
	case isNameByte(c) && !isDigit(c):
		for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
			l.pos++
		}
		if l.pos < len(l.src) && (l.src[l.pos] == '\'' || l.src[l.pos] == '"') && isPrefix(l.src[start:l.pos]) {
			return l.literal(start, nest)
		}
		kind = Name
	case isDigit(c) || c == '.' && l.pos+1 < len(l.src) && isDigit(l.src[l.pos+1]):
		l.pos = endOfNumber(l.src, l.pos)
		kind = Number
	default:
		if n := opLen(l.src[l.pos:]); n > 0 {
			l.pos += n
			kind = Op
		} else {
			l.pos++
		}
	}
	return Token{Kind: kind, Start: start, End: l.pos}, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' }
func isEOL(c byte) bool   { return c == '\n' || c == '\r' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNameByte takes every byte outside of ASCII as part of a name: which of the
// characters are letters matters to Python, not to where tokens end.
func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || isDigit(c) || c >= utf8.RuneSelf
}

// eolLen is the length of the line end at i, 0 when there is none.
func eolLen(src string, i int) int {
	switch {
	case i >= len(src) || !isEOL(src[i]):
		return 0
	case src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n':
		return 2
	}
	return 1
}

// endOfLine is the offset of the next line end at or after i, or of the end of
// the source.
func endOfLine(src string, i int) int {
	if n := strings.IndexAny(src[i:], "\r\n"); n >= 0 {
		return i + n
	}
	return len(src)
}

// endOfNumber follows "Numeric literals" in the Python reference; what comes
// after a number without a blank, as in 1if, is a token of its own.
func endOfNumber(src string, i int) int {
	at := func(i int) byte {
		if i < len(src) {
			return src[i]
		}
		return 0
	}
	digits := func(i int, ok func(byte) bool) int {
		for ok(at(i)) || at(i) == '_' && ok(at(i+1)) {
			i++
		}
		return i
	}
	if at(i) == '0' {
		ok := isDigit
		switch at(i+1) | 0x20 {
		case 'x':
			ok = func(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
		case 'o', 'b':
		default:
			ok = nil
		}
		if ok != nil {
			if end := digits(i+2, ok); end > i+2 {
				return end
			}
		}
	}
	i = digits(i, isDigit)
	if at(i) == '.' {
		i = digits(i+1, isDigit)
	}
	if at(i)|0x20 == 'e' {
		j := i + 1
		if at(j) == '+' || at(j) == '-' {
			j++
		}
		if isDigit(at(j)) {
			i = digits(j, isDigit)
		}
	}
	if at(i)|0x20 == 'j' {
		i++
	}
	return i
}

// opLen is the length of the operator or delimiter that s starts with, 0 when
// there is none.
func opLen(s string) int {
	for _, n := range []int{3, 2} {
		if len(s) < n {
			continue
		}
		switch s[:n] {
		case "**=", "//=", ">>=", "<<=", "...",
			"**", "//", ">>", "<<", "<=", ">=", "==", "!=", "->", ":=",
			"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=":
			return n
		}
	}
	if strings.IndexByte("+-*/%@&|^~<>()[]{},:.;=", s[0]) >= 0 {
		return 1
	}
	return 0
}
