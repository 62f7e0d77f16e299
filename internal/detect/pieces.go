package detect

import "bytes"

// Values that a program puts together of literals that do not stand side by side.

// pieces reads the literals that Python joins with nothing between them:
// "".join(["a", "b"]).
func (s *scan) pieces(i int) (v value, ok bool) {
	text := s.text
	const method = ".join("
	if i < 0 || i+2 >= len(text) || text[i] != '"' && text[i] != '\'' || text[i+1] != text[i] || !bytes.HasPrefix(text[i+2:], []byte(method)) {
		return v, false
	}
	i = run(text, i+2+len(method), 80, space)
	if i >= len(text) || text[i] != '[' && text[i] != '(' {
		return v, false
	}
	v = value{quoted: true, literal: s.in.Language.code()}
	for i++; len(v.parts) < maxParts && len(v.text) < maxValue; i++ {
		i = run(text, i, 80, space)
		q, from, quoted := quoteAt(text, i)
		if !quoted {
			break
		}
		to, next, closed := q.close(text, from)
		if !closed {
			return v, false
		}
		v.join(text, from, to)
		if i = run(text, next, 80, space); i >= len(text) || text[i] != ',' {
			break
		}
	}
	return v, len(v.parts) > 0 && i < len(text) && (text[i] == ']' || text[i] == ')')
}

// joinBefore returns where "".join([ begins, of which the first literal begins
// at i; -1 when there is none.
func joinBefore(text []byte, i int) int {
	for n := 0; n < 80 && i > 0 && is(text[i-1], space); n++ {
		i--
	}
	for _, call := range []string{`"".join([`, `''.join([`, `"".join((`, `''.join((`} {
		if bytes.HasSuffix(text[:max(0, i)], []byte(call)) {
			return i - len(call)
		}
	}
	return -1
}

// begun reads a literal that goes on what a variable holds: a = "x", then
// a + "y". The variable must have been set at the beginning of a line nearby.
func (s *scan) begun(i int) (v value, ok bool) {
	const reach = 600
	text := s.text
	end := run(text, i, 40, word)
	plus := skipBlank(text, end)
	if end == i || !s.in.Language.code() || plus >= len(text) || text[plus] != '+' {
		return v, false
	}
	second := skipBlank(text, plus+1)
	if second >= len(text) || text[second] != '"' && text[second] != '\'' {
		return v, false
	}
	if s.allowance -= reach; s.allowance < 0 {
		return v, false
	}
	base := max(0, i-reach)
	head := text[base:i]
	set := append([]byte(nil), text[i:end]...)
	set = append(set, " = "...)
	at := bytes.LastIndex(head, set)
	if at < 0 || base+at > 0 && text[base+at-1] != '\n' {
		return v, false
	}
	v, _, ok = s.literals(base+at+len(set), false)
	rest, _, closed := s.literals(second, false)
	if !ok || !closed {
		return v, false
	}
	for _, p := range rest.parts {
		v.join(text, p.Start, p.End)
	}
	return v, true
}

// added joins to v, which ended at next, the literal that the line below adds to
// the variable at nameStart: token = "x", then token += "y".
func (s *scan) added(v *value, nameStart, next int) {
	text := s.text
	if next >= len(text) || text[next] != '\n' && text[next] != '\r' || !s.in.Language.code() {
		return
	}
	end := run(text, nameStart, maxName, word)
	i := run(text, next, 40, space)
	if name := text[nameStart:end]; len(name) == 0 || !bytes.HasPrefix(text[i:], name) {
		return
	}
	i = skipBlank(text, i+end-nameStart)
	if !bytes.HasPrefix(text[i:], []byte("+=")) {
		return
	}
	more, _, ok := s.literals(skipBlank(text, i+len("+=")), false)
	if !ok {
		return
	}
	for _, p := range more.parts {
		v.join(text, p.Start, p.End)
	}
}
