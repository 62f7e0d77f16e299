package transfer

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// maxExpanded bounds what ${NAME} makes of a file, in bytes.
const maxExpanded = 4 * MaxFile

// dotenv reads as python-dotenv does (https://github.com/theskumar/python-dotenv),
// since notebooks read such files with that: bare values, and values in single
// or double quotes, which may span lines and know escapes. $NAME is text; ${NAME}
// and ${NAME:-default} are what the file itself sets before.
func (f *file) dotenv() error {
	s := scanner{text: f.text, line: 1}
	set := map[string][]byte{}
	expanded := 0
	stray := false // the line before is no assignment
	for {
		s.skip(isSpace)
		if s.done() {
			return nil
		}
		start := s
		b, ok := s.binding()
		if ok && b.key == "" { // a comment
			continue
		}
		// Lines of a key that somebody pasted without quotes are not taken for
		// names, not even the last one with its "=" of base64.
		if !ok || !b.set || !isKey(b.key) || stray && len(bytes.Trim(b.value, "=")) == 0 {
			s = start
			s.skip(notLineEnd)
			stray = true
			if err := f.skip("", start.line, "the line is no NAME=VALUE"); err != nil {
				return err
			}
			continue
		}
		stray = false
		it := Item{Name: b.key, Key: b.key, Line: start.line}
		value, missing := expand(b.value, set)
		if expanded += len(value); expanded > maxExpanded {
			return fmt.Errorf("line %d: %w: variables of variables", start.line, ErrTooLarge)
		}
		if missing {
			if err := f.skip(b.key, start.line, "it refers with ${…} to a variable that the file does not set before it"); err != nil {
				return err
			}
			continue
		}
		set[b.key] = value
		if err := f.take(it, value); err != nil {
			return err
		}
	}
}

// isKey reports whether a text can be the name of a variable; python-dotenv takes
// more.
func isKey(key string) bool {
	for i := range len(key) {
		if c := key[i]; !isWord(c) && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return key != "" && (key[0] < '0' || key[0] > '9')
}

// scanner is a place in a text.
type scanner struct {
	text []byte
	at   int
	line int
}

func isSpace(c byte) bool    { return c == '\n' || isBlank(c) }
func isBlank(c byte) bool    { return c == ' ' || c == '\t' || c == '\f' || c == '\v' }
func notLineEnd(c byte) bool { return c != '\n' }

func (s *scanner) done() bool { return s.at >= len(s.text) }

// peek returns the next byte, a line feed at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return '\n'
	}
	return s.text[s.at]
}

func (s *scanner) next() {
	if s.done() {
		return
	}
	if s.peek() == '\n' {
		s.line++
	}
	s.at++
}

func (s *scanner) skip(while func(byte) bool) []byte {
	start := s.at
	for !s.done() && while(s.text[s.at]) {
		s.next()
	}
	return s.text[start:s.at]
}

type binding struct {
	key   string
	value []byte
	set   bool
}

// binding reads KEY=VALUE and a comment, up to the end of the line.
func (s *scanner) binding() (b binding, ok bool) {
	if rest := s.text[s.at:]; bytes.HasPrefix(rest, []byte("export")) && len(rest) > 6 && isBlank(rest[6]) {
		s.at += 6
		s.skip(isBlank)
	}
	switch s.peek() {
	case '#':
	case '\'':
		key, closed := s.quoted('\'', false)
		if b.key = string(key); !closed || b.key == "" {
			return b, false
		}
	default:
		b.key = string(s.skip(func(c byte) bool { return c != '=' && c != '#' && !isSpace(c) }))
		if b.key == "" {
			return b, false
		}
	}
	s.skip(isBlank)
	if b.key != "" && s.peek() == '=' {
		b.set = true
		s.next()
		s.skip(isBlank)
		if c := s.peek(); c == '\'' || c == '"' {
			if b.value, ok = s.quoted(c, true); !ok {
				return b, false
			}
		} else {
			b.value = bare(s.skip(notLineEnd))
		}
	}
	s.skip(isBlank)
	if s.peek() == '#' {
		s.skip(notLineEnd)
	}
	return b, s.peek() == '\n'
}

// bare cuts a comment, which begins with a space, and spaces at the end.
func bare(v []byte) []byte {
	for i := 1; i < len(v); i++ {
		if v[i] == '#' && isBlank(v[i-1]) {
			v = v[:i]
			break
		}
	}
	return bytes.TrimRightFunc(v, unicode.IsSpace)
}

// quoted reads up to the closing quote. In double quotes there are the escapes of
// Python without numbers, in single ones \\ and \'.
func (s *scanner) quoted(quote byte, escapes bool) (value []byte, closed bool) {
	for s.next(); !s.done(); s.next() {
		c := s.text[s.at]
		switch {
		case c == quote:
			s.next()
			return value, true
		case c == '\\' && escapes && s.at+1 < len(s.text):
			s.next()
			value = append(value, unescape(s.text[s.at], quote)...)
		default:
			value = append(value, c)
		}
	}
	clear(value)
	return nil, false
}

// unescape returns what a backslash and c stand for.
func unescape(c, quote byte) []byte {
	if quote == '"' {
		if i := strings.IndexByte(`abfnrtv`, c); i >= 0 {
			return []byte{"\a\b\f\n\r\t\v"[i]}
		}
		if c == '"' {
			return []byte{c}
		}
	}
	if c == '\\' || c == '\'' {
		return []byte{c}
	}
	return []byte{'\\', c}
}

// expand replaces ${NAME}, or reports that one is not set and has no default. The result is cut where it is longer than a value may be.
func expand(v []byte, set map[string][]byte) (out []byte, missing bool) {
	for rest := v; ; {
		i := bytes.Index(rest, []byte("${"))
		if i < 0 {
			return append(out, rest...), false
		}
		n := bytes.IndexAny(rest[i+2:], ":}")
		if n < 0 {
			return append(out, rest...), false
		}
		stop := i + 2 + n
		name, after := rest[i+2:stop], rest[stop+1:]
		var preset []byte
		hasPreset := false
		if rest[stop] == ':' {
			if !bytes.HasPrefix(after, []byte("-")) {
				// No variable, nor is one that begins before the colon.
				out = append(out, rest[:stop]...)
				rest = rest[stop:]
				continue
			}
			if preset, after, hasPreset = bytes.Cut(after[1:], []byte("}")); !hasPreset {
				return append(out, rest...), false
			}
		}
		value, isSet := set[string(name)]
		switch {
		case isSet:
		case hasPreset:
			value = preset
		default:
			return nil, true
		}
		out = append(append(out, rest[:i]...), value...)
		if rest = after; len(out) > MaxValue {
			return out, false
		}
	}
}
