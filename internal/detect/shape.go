package detect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A shape is a form that a credential has: literal text, and runs of an
// alphabet in braces, "{h:32}" or "{u:20-40}". The alphabets:
//
//	d digits          h hex, lower case    H hex, upper case    l a-z
//	L a-z 0-9         U A-Z 0-9            A letters            5 A-Z 2-7
//	n letters, digits w n and _            u w and -            b n and + /      e b and =
//	s u and . ~       x visible ASCII without quotes
//
// The first literal of three or more bytes is the anchor, by which the
// prefilter finds the shape. Runs are greedy and never given back, so a run
// must not be able to swallow what follows it unless its length is fixed.
type shape struct {
	segs   []segment
	anchor int // index of the anchor in segs; -1 without one
	prefix string
}

type segment struct {
	lit      string
	set      class
	min, max int
}

var alphabets = map[byte]class{
	'd': digit, 'h': hexLow | digit, 'H': hexUp | digit, 'l': lower,
	'L': lower | digit, 'U': upper | digit, 'A': letter, '5': upper | digitLow,
	'n': alnum, 'w': word, 'u': b64url, 'b': b64std, 'e': b64std | equals,
	's': b64url | dot | tilde, 'x': alnum | under | dash | dot | plusSlash | equals | tilde | percent | punct,
}

// parseShape compiles a shape. A malformed one is a programmer's error.
func parseShape(text string) *shape {
	s := &shape{anchor: -1}
	for rest := text; rest != ""; {
		if rest[0] != '{' {
			lit, _, _ := strings.Cut(rest, "{")
			if s.anchor < 0 && len(lit) >= 3 {
				s.anchor = len(s.segs)
			}
			s.segs = append(s.segs, segment{lit: lit})
			rest = rest[len(lit):]
			continue
		}
		body, after, ok := strings.Cut(rest[1:], "}")
		name, count, ok2 := strings.Cut(body, ":")
		lo, hi, ranged := strings.Cut(count, "-")
		if !ranged {
			hi = lo
		}
		min, err := strconv.Atoi(lo)
		max, err2 := strconv.Atoi(hi)
		if !ok || !ok2 || len(name) != 1 || alphabets[name[0]] == 0 || err != nil || err2 != nil || max < min {
			panic(fmt.Sprintf("detect: malformed shape %q", text))
		}
		s.segs = append(s.segs, segment{set: alphabets[name[0]], min: min, max: max})
		rest = after
	}
	if len(s.segs) > 0 {
		s.prefix = s.segs[0].lit
	}
	return s
}

// match returns the end of the shape that begins at i, and whether it is there.
// What follows it is not looked at.
func (s *shape) match(text []byte, i int) (int, bool) {
	return matchSegments(s.segs, text, i)
}

func matchSegments(segs []segment, text []byte, i int) (int, bool) {
	for k := range segs {
		g := &segs[k]
		if g.set == 0 {
			if len(text)-i < len(g.lit) || string(text[i:i+len(g.lit)]) != g.lit {
				return 0, false
			}
			i += len(g.lit)
			continue
		}
		end := run(text, i, g.max, g.set)
		if end-i < g.min {
			return 0, false
		}
		i = end
	}
	return i, true
}

// around returns the shape whose anchor begins at i.
func (s *shape) around(text []byte, i int) (start, end int, ok bool) {
	end, ok = matchSegments(s.segs[s.anchor:], text, i)
	if !ok {
		return 0, 0, false
	}
	start = i
	for k := s.anchor - 1; k >= 0; k-- {
		g := &s.segs[k]
		if g.set == 0 {
			if !bytes.HasSuffix(text[:start], []byte(g.lit)) {
				return 0, 0, false
			}
			start -= len(g.lit)
			continue
		}
		at := runBack(text, start, g.max, g.set)
		if start-at < g.min {
			return 0, 0, false
		}
		start = at
	}
	return start, end, true
}

// whole reports whether the shape is all of b.
func (s *shape) whole(b []byte) bool {
	end, ok := s.match(b, 0)
	return ok && end == len(b)
}

// bounded reports whether a token at [start,end) stands alone: it is not a part
// of a longer word, nor of a run of base64.
func (s *shape) bounded(text []byte, start, end int) bool {
	first, last := s.segs[0], s.segs[len(s.segs)-1]
	if end < len(text) {
		if c := text[end]; is(c, alnum) || last.set != 0 && is(c, last.set) && c != '.' {
			return false
		}
	}
	if start == 0 {
		return true
	}
	c := text[start-1]
	switch {
	case first.set != 0 && is(c, first.set):
		return false
	case is(c, word):
		// the path of Telegram's API begins with "bot" and the token
		return escapeBefore(text, start) || bytes.HasSuffix(text[:start], []byte("/bot"))
	case is(c, plusSlash):
		return start-runBack(text, start, 24, b64std) < 24
	}
	return true
}

// escapeBefore reports whether the letter before i ends an escape: \n, \u0027, %3D.
func escapeBefore(text []byte, i int) bool {
	const hex = hexLow | hexUp | digit
	switch {
	case i >= 2 && text[i-2] == '\\' && bytes.IndexByte([]byte("nrtbf0v"), text[i-1]) >= 0:
		return true
	case i >= 3 && text[i-3] == '%' && is(text[i-2], hex) && is(text[i-1], hex):
		return true
	case i >= 6 && text[i-6] == '\\' && text[i-5] == 'u' && all(text[i-4:i], hex):
		return true
	}
	return false
}

// secretBeside records the secret key of AWS that stands within a few words of
// the access key id that ends at i, without a name, as in a row of a table or the
// arguments of a call.
func (s *scan) secretBeside(i int) {
	const reach, most, size = 120, 6, 40
	stop := min(len(s.text), i+reach)
	for range most {
		for i < stop && !is(s.text[i], b64std) {
			i++
		}
		end := run(s.text, i, reach, b64std)
		token := s.text[i:end]
		if t := measure(token); len(token) == size && t.lower > 3 && t.upper > 3 && (t.digit+t.other > 1 || t.score < 0) && !placeholder(token) &&
			(end == len(s.text) || !is(s.text[end], word|dash|dot|equals|percent)) && !is(s.text[i-1], under|dash|dot|equals|percent) {
			s.add(candidate{rule: s.t.byID["aws-secret-access-key"], rank: rankNamed, parts: []Span{{i, end}}, preview: "…"})
			return
		}
		if i = end; i >= stop {
			return
		}
	}
}
