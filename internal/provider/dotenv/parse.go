package dotenv

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/nbseal/nbseal/internal/provider"
)

// Parse reads a .env file as python-dotenv does
// (https://github.com/theskumar/python-dotenv), since notebooks read it with
// that: values may be bare, in single or in double quotes, which may span lines
// and know escapes; $NAME is text. ${NAME} and ${NAME:-default} are replaced by
// what the file itself sets before, never by a variable of the environment; where
// the file does not set it and there is no default, it stays as it is.
//
// The error names the first line that is no such thing; the pairs are those that
// could be read. Names without "=" are left out.
func Parse(data []byte) ([]provider.Pair, error) {
	l := lines{data: bytes.TrimPrefix(data, []byte("\ufeff"))}
	var pairs []provider.Pair
	var first error
	for {
		l.skip(isSpace)
		if l.done() {
			return pairs, first
		}
		start := l.at
		pair, set, ok := l.binding()
		if !ok {
			if first == nil {
				first = fmt.Errorf("line %d of the file cannot be read", 1+bytes.Count(l.data[:start], []byte("\n")))
			}
			l.at = max(l.at, start)
			l.skip(notLineEnd)
			continue
		}
		if set {
			pair.Value = expand(pair.Value, pairs)
			pairs = append(pairs, pair)
		}
	}
}

// lines is a place in the file.
type lines struct {
	data []byte
	at   int
}

func isSpace(c byte) bool    { return c == '\n' || isBlank(c) || c == '\r' }
func isBlank(c byte) bool    { return c == ' ' || c == '\t' || c == '\f' || c == '\v' }
func notLineEnd(c byte) bool { return c != '\n' && c != '\r' }

func (l *lines) done() bool { return l.at >= len(l.data) }

// peek returns the next byte, a line end at the end of the file.
func (l *lines) peek() byte {
	if l.done() {
		return '\n'
	}
	return l.data[l.at]
}

func (l *lines) skip(while func(byte) bool) []byte {
	start := l.at
	for !l.done() && while(l.data[l.at]) {
		l.at++
	}
	return l.data[start:l.at]
}

// binding reads KEY=VALUE and a comment, up to the end of the line.
func (l *lines) binding() (pair provider.Pair, set, ok bool) {
	if rest := l.data[l.at:]; bytes.HasPrefix(rest, []byte("export")) && len(rest) > 6 && isBlank(rest[6]) {
		l.at += 6
		l.skip(isBlank)
	}
	switch l.peek() {
	case '#':
	case '\'':
		name, closed := l.quoted('\'', false)
		if !closed || len(name) == 0 {
			return pair, false, false
		}
		pair.Name = string(name)
	default:
		pair.Name = string(l.skip(func(c byte) bool { return c != '=' && c != '#' && !isSpace(c) }))
		if pair.Name == "" {
			return pair, false, false
		}
	}
	l.skip(isBlank)
	if pair.Name != "" && l.peek() == '=' {
		l.at++
		l.skip(isBlank)
		set = true
		switch c := l.peek(); c {
		case '\'', '"':
			if pair.Value, ok = l.quoted(c, true); !ok {
				return pair, false, false
			}
		default:
			pair.Value = bare(l.skip(notLineEnd))
		}
	}
	l.skip(isBlank)
	if l.peek() == '#' {
		l.skip(notLineEnd)
	}
	return pair, set, !notLineEnd(l.peek())
}

// bare cuts a comment, which begins with a space, and spaces at the end.
func bare(v []byte) []byte {
	for i := 1; i < len(v); i++ {
		if v[i] == '#' && isBlank(v[i-1]) {
			v = v[:i]
			break
		}
	}
	return bytes.Clone(bytes.TrimRight(v, " \t\f\v"))
}

// quoted reads up to the closing quote; escapes are those of Python, without
// numbers, in double quotes, and \\ and \' in single ones.
func (l *lines) quoted(quote byte, escapes bool) (value []byte, closed bool) {
	start := l.at
	for l.at++; !l.done(); l.at++ {
		c := l.data[l.at]
		switch {
		case c == quote:
			l.at++
			return value, true
		case c == '\\' && escapes && l.at+1 < len(l.data):
			l.at++
			value = append(value, unescape(l.data[l.at], quote)...)
		default:
			value = append(value, c)
		}
	}
	clear(value)
	l.at = start
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

// expand replaces ${NAME} by what the pairs say, as far as they do.
func expand(v []byte, pairs []provider.Pair) []byte {
	out := []byte{}
	for rest := v; ; {
		before, name, preset, hasPreset, after, ok := variable(rest)
		if !ok {
			return append(out, rest...)
		}
		out = append(out, before...)
		found := false
		for i := len(pairs) - 1; i >= 0 && !found; i-- {
			if found = pairs[i].Name == string(name); found {
				out = append(out, pairs[i].Value...)
			}
		}
		if !found && hasPreset {
			out = append(out, preset...)
		} else if !found {
			out = append(out, rest[len(before):len(rest)-len(after)]...)
		}
		rest = after
	}
}

// variable finds the first ${NAME} or ${NAME:-default}.
func variable(v []byte) (before, name, preset []byte, hasPreset bool, after []byte, ok bool) {
	for from := 0; ; {
		i := bytes.Index(v[from:], []byte("${"))
		if i < 0 {
			return nil, nil, nil, false, nil, false
		}
		from += i
		n := bytes.IndexAny(v[from+2:], ":}")
		if n < 0 {
			return nil, nil, nil, false, nil, false
		}
		stop := from + 2 + n
		name = v[from+2 : stop]
		if v[stop] == '}' {
			return v[:from], name, nil, false, v[stop+1:], true
		}
		if bytes.HasPrefix(v[stop:], []byte(":-")) {
			preset, after, ok = bytes.Cut(v[stop+2:], []byte("}"))
			return v[:from], name, preset, ok, after, ok
		}
		from = stop // no variable, nor is one that begins before the colon
	}
}

// refers reports whether a value still refers to a variable.
func refers(v []byte) bool {
	_, _, _, _, _, ok := variable(v)
	return ok
}
