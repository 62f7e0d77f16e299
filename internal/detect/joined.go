package detect

import "bytes"

// joined finds credentials in the string literal around i when it goes
// on in the literals that are concatenated to it. It reports whether there are any.
func (s *scan) joined(i int) bool {
	if s.depth > 0 || i < s.called || s.command(i) {
		return false
	}
	for back := i; back > 0 && i-back < 400 && s.text[back-1] != '\n'; back-- {
		if b := s.text[back-1]; b == '"' || b == '\'' {
			i = back // the beginning of the literal
			break
		}
	}
	end := i
	for end < len(s.text) && end-i < 900 && s.text[end] != '\n' && s.text[end] != '"' && s.text[end] != '\'' {
		end++
	}
	if end >= len(s.text) || s.text[end] != '"' && s.text[end] != '\'' {
		return false
	}
	q := quote{char: s.text[end]}
	v, ok := s.pieces(joinBefore(s.text, i-1))
	next := end + 1
	if ok {
		next = v.parts[len(v.parts)-1].End + 1
	} else {
		v = value{parts: []Span{{i, end}}, text: s.text[i:end:end], quoted: true}
		next = s.rest(&v, next, q, true)
	}
	if len(v.parts) < 2 {
		return false
	}
	s.called = next
	s.within(v.text, v.spans, s.nameBefore(i))
	return true
}

// command reports whether i is in a command line, where literals with a space
// between them are arguments of their own.
func (s *scan) command(i int) bool {
	if s.in.Language == Shell {
		return true
	}
	head := bytes.TrimLeft(s.text[s.lineStart(i):i], " \t")
	return len(head) > 0 && head[0] == '!' || bytes.HasPrefix(head, []byte("curl ")) || bytes.HasPrefix(head, []byte("%sx"))
}

// readDataURI handles "data:text/…;base64,": a text carried by a page. What is
// found in it is reported at the base64 that holds it.
func readDataURI(s *scan, _ *action, start, end int) {
	head := s.text[max(0, start-64):start]
	i := bytes.LastIndex(head, []byte("data:"))
	if i < 0 || !bytes.HasPrefix(head[i:], []byte("data:text/")) && !bytes.HasPrefix(head[i:], []byte("data:application/json")) {
		return
	}
	stop := run(s.text, end, min(len(s.text), s.allowance/2), b64std|equals)
	s.allowance -= stop - end
	body := s.text[end:stop]
	plain, ok := decodeText(body)
	if !ok {
		return
	}
	s.within(plain, func(r Span) []Span {
		return []Span{{end + r.Start/3*4, min(stop, end+(r.End+2)/3*4)}}
	}, "")
}

// readSecretManifest handles a Kubernetes Secret: the values of its data are
// base64, whatever their names are.
func readSecretManifest(s *scan, _ *action, start, _ int) {
	const reach = 4096
	from, to := max(0, start-reach), min(len(s.text), start+reach)
	if s.allowance -= to - from; s.allowance < 0 {
		return
	}
	window := s.text[from:to]
	d := bytes.Index(window, []byte("data:"))
	if d < 0 || d > 0 && is(window[d-1], word) {
		return
	}
	at := from + d
	for lines := 0; lines < 100; lines++ {
		nl := bytes.IndexByte(s.text[at:to], '\n')
		if nl < 0 {
			return
		}
		at += nl + 1
		i := run(s.text, at, 40, space)
		end := run(s.text, i, maxName, word|dash|dot)
		if i == at || end == i || end >= to || s.text[end] != ':' {
			return
		}
		v := skipBlank(s.text, end+1)
		stop := run(s.text, v, maxValue, b64std|equals)
		plain, ok := decoded(s.text[v:stop])
		if !ok || placeholder(plain) {
			continue
		}
		plain = bytes.TrimRight(plain, "\r\n")
		if t := measure(plain); believable(kindPassword, plain, value{quoted: true}, opIs, true) && (t.random() || t.other > 0 && t.digit > 0) {
			s.add(candidate{rule: s.t.byID["generic-secret"], rank: rankGeneric, parts: []Span{{v, stop}}, name: string(s.text[i:end]), preview: "…"})
		}
	}
}

// readSQL handles "IDENTIFIED BY 'password'".
func readSQL(s *scan, _ *action, start, end int) {
	if head := s.text[max(0, start-200):start]; !s.sql(head) && !bytes.Contains(bytes.ToUpper(head), []byte("GRANT ")) && !bytes.Contains(bytes.ToUpper(head), []byte("CONNECT TO ")) {
		return
	}
	i := skipBlank(s.text, end)
	if bytes.HasPrefix(s.text[i:], []byte("PASSWORD ")) {
		i = skipBlank(s.text, i+len("PASSWORD "))
	}
	v, _, ok := s.literals(i, false)
	if !ok || !believable(kindPassword, v.text, v, opAssign, true) && !s.human(nil, v, opAssign) {
		return
	}
	s.add(candidate{rule: s.t.byID["generic-password"], rank: rankGeneric, parts: v.parts, name: "IDENTIFIED BY", preview: "…"})
}
