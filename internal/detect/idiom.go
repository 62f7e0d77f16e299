package detect

import "bytes"

// Idioms of programs in which a credential does not follow the name that tells
// what it is: what a method types into a field, a function returns, an option
// defaults to.

// typed judges what is typed into a field for a password that a variable
// holds: password_box.send_keys("x"). It reports whether there is such a call.
func (s *scan) typed(from, to int) bool {
	if to >= len(s.text) || s.text[to] != '(' {
		return false
	}
	dot := bytes.LastIndexByte(s.text[from:to], '.')
	if dot < 0 {
		return false
	}
	op, at := receiver(s.text, from+dot)
	if op == opNone {
		return false
	}
	var p split
	p.parse(s.text[from : from+dot])
	for i := range p.n {
		if credentialWords[string(p.word(i))] != kindPassword {
			continue
		}
		if v, ok := s.valueAt(at, from, op); ok {
			s.weigh(&p, kindPassword, s.text[from:from+dot], v, opAssign)
		}
		break
	}
	return true
}

// listedKey judges the last word of a line of "az storage account keys list",
// key1 FULL x, whose name for the key is at [from,to). It reports whether it is
// one.
func (s *scan) listedKey(from, to int) bool {
	if to-from != len("key1") || s.text[to-1] != '1' && s.text[to-1] != '2' {
		return false
	}
	i := skipBlank(s.text, to)
	word := []byte("FULL")
	if i == to || !bytes.HasPrefix(s.text[i:], word) && !bytes.HasPrefix(s.text[i:], []byte("Full")) {
		return false
	}
	i = skipBlank(s.text, i+len(word))
	end := run(s.text, i, maxBare, b64std|equals)
	r := s.t.byID["azure-storage-key"]
	if token := s.text[i:end]; matchService(s.t.services["storage"], token) == r {
		s.add(candidate{rule: r, rank: rankNamed, parts: []Span{{i, end}}, name: string(s.text[from:to]), preview: "…"})
	}
	return true
}

// returned judges the literal that a function without arguments returns, when
// its name says of what: def db_password(): return "x". It reports whether
// there is one.
func (s *scan) returned(from, to int) bool {
	text := s.text
	if s.in.Language != Python || !bytes.HasPrefix(text[to:], []byte("()")) || !bytes.HasSuffix(text[:from], []byte("def ")) {
		return false
	}
	i := to + len("()")
	colon := bytes.IndexByte(text[i:min(len(text), i+40)], ':')
	if colon < 0 {
		return false
	}
	i = run(text, i+colon+1, 80, space)
	if !bytes.HasPrefix(text[i:], []byte("return ")) {
		return false
	}
	v, _, ok := s.literals(skipBlank(text, i+len("return ")), false)
	if ok {
		s.judgeValue(from, to, v)
	}
	return ok
}

// assigned judges the literal before the arrow of R's "x" -> name. It reports
// whether there is one.
func (s *scan) assigned(from, to int) bool {
	if !s.in.Language.code() || !bytes.HasSuffix(bytes.TrimRight(s.text[:from], " "), []byte("->")) {
		return false
	}
	v, next, ok := s.literals(skipBlank(s.text, s.lineStart(from)), false)
	if !ok || !bytes.HasPrefix(s.text[skipBlank(s.text, next):], []byte("->")) {
		return false
	}
	s.judgeValue(from, to, v)
	return true
}

// prompted judges what a dialogue answers on the line after it has waited for a
// prompt: child.expect("password:"), child.sendline("x"). It reports whether
// there is such an answer.
func (s *scan) prompted(from, to int) bool {
	text := s.text
	i := to
	for i < len(text) && i-to < 4 && bytes.IndexByte([]byte(": ?"), text[i]) >= 0 {
		i++
	}
	if i+1 >= len(text) || text[i] != '"' && text[i] != '\'' {
		return false
	}
	if sent := s.sent(i + 1); sent > 0 {
		v, _, ok := s.literals(sent, false)
		if ok && len(v.parts) == 1 && bytes.HasSuffix(v.text, []byte(`\r`)) {
			v.parts[0].End -= len(`\r`)
			v.text = v.text[:len(v.text)-len(`\r`)]
			s.judgeValue(from, to, v)
		}
		return ok
	}
	if s.in.Language != Python || text[i+1] != ')' {
		return false
	}
	if i += 2; i < len(text) && text[i] == ';' {
		i++
	}
	i = run(text, i, 80, space)
	end := run(text, i, 60, word|dot)
	for _, m := range []string{".sendline(", ".write(", ".send("} {
		at := end - len(m) + 1
		if at < i || !bytes.HasPrefix(text[at:], []byte(m)) {
			continue
		}
		if v, ok := s.valueAt(end+1, from, opReceiver); ok {
			s.judgeValue(from, to, v)
			return true
		}
	}
	return false
}

// preset returns where the default of a command line option begins whose other
// arguments begin at i: add_argument("--token", type=str, default="x"); else 0.
func preset(text []byte, i int) int {
	const reach = 240
	line := text[i:min(len(text), i+reach)]
	if end := bytes.IndexByte(line, ')'); end >= 0 {
		line = line[:end]
	}
	word := []byte("default=")
	at := bytes.Index(line, word)
	if at < 0 {
		word = []byte("fallback=") // of a configuration's getter
		at = bytes.Index(line, word)
	}
	if at < 0 || at > 0 && !is(line[at-1], space) && line[at-1] != ',' || !is(line[0], letter) && !bytes.HasPrefix(line[1:], []byte("-")) {
		return 0
	}
	return i + at + len(word)
}

// receiver reads a method that types a value into the field just named.
func receiver(text []byte, i int) (operator, int) {
	for _, m := range []string{".send_keys(", ".fill(", ".type(", ".setValue(", ".set_value(", ".sendKeys("} {
		if bytes.HasPrefix(text[i:], []byte(m)) {
			return opReceiver, i + len(m)
		}
	}
	return opNone, 0
}

// filled returns the argument that a format puts where field stands:
// "password=%s" % ("u", "x"), or "password={}".format("x").
func (s *scan) filled(field Span) (v value, ok bool) {
	text := s.text
	line := s.lineStart(field.Start)
	open := bytes.LastIndexAny(text[line:field.Start], "\"'")
	stop := bytes.IndexAny(text[field.End:min(len(text), field.End+200)], "\"'\n")
	if open < 0 || stop < 0 || text[field.End+stop] == '\n' {
		return v, false
	}
	i := formatted(text, field.End+stop+1)
	if i == 0 {
		return v, false
	}
	n := bytes.Count(text[line+open:field.Start], text[field.Start:field.End])
	if i > 0 && text[i-1] != '(' {
		v, _, ok = s.literals(i, false)
		return v, ok && n == 0
	}
	v, _, ok = s.argument(i, n)
	return v, ok
}

// formatted returns where the arguments begin that are put into a literal that
// ended at i; 0 when there are none.
func formatted(text []byte, i int) int {
	i = skipBlank(text, i)
	switch {
	case bytes.HasPrefix(text[i:], []byte(".format(")):
		return i + len(".format(")
	case i < len(text) && text[i] == '%':
		if i = skipBlank(text, i+1); i < len(text) && text[i] == '(' {
			return i + 1
		}
		if _, _, ok := quoteAt(text, i); ok {
			return i
		}
		if next, ok := unwrap(text, i); ok && text[next-1] == '(' {
			return next // quote_plus("x")
		}
	}
	return 0
}

// described returns where the value begins of a widget whose description, in
// quotes, begins at i: Text(value='x', description='Token'); else 0.
func described(text []byte, i int) int {
	if i == 0 {
		return 0
	}
	head := text[max(0, i-300):i]
	at := bytes.LastIndex(head, []byte("(value="))
	if at < 0 || !bytes.HasSuffix(head, []byte("description="+string(text[i-1]))) {
		return 0
	}
	return i - len(head) + at + len("(value=")
}

// sent returns where the literal begins that Tcl's expect sends when it has seen
// the prompt that ended at i: expect "password:"; send "x\r"; else 0.
func (s *scan) sent(i int) int {
	for n := 0; n < 12 && i < len(s.text) && bytes.IndexByte([]byte("; {\n"), s.text[i]) >= 0; n++ {
		i++
	}
	word := []byte("send ")
	if !bytes.HasPrefix(s.text[i:], word) {
		return 0
	}
	i = skipBlank(s.text, i+len(word))
	if bytes.HasPrefix(s.text[i:], []byte("-- ")) {
		i += len("-- ")
	}
	return i
}
