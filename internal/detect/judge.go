package detect

import "bytes"

// judge decides about the value of a name and records it.
func (s *scan) judge(from, to int, op operator, at int) {
	var p split
	name := s.text[from:to]
	p.parse(name)
	if p.n == 0 {
		return
	}
	if (op == opAssign || op == opColon && startsList(s.text, at)) && s.list(&p, name, op, at) {
		return
	}
	k := p.classify()
	if k == kindNone || op == opTargets || op == opCall && (p.reading() || k == kindWeakKey) {
		return
	}
	if k == kindHeader && (op == opColon || op == opAssign) {
		at = skipScheme(s.text, at)
	}
	v, ok := s.valueAt(at, from, op)
	if !ok {
		return
	}
	if field := string(v.text); len(v.parts) == 1 && !v.quoted && (field == "%s" || field == "{}" || field == "{" && bytes.HasPrefix(s.text[v.parts[0].End:], []byte("}"))) {
		start := v.parts[0].Start
		if v, ok = s.filled(Span{start, start + len("{}")}); !ok {
			return
		}
	}
	s.weigh(&p, k, name, v, op)
}

// judgeValue is judge for a value that was read already.
func (s *scan) judgeValue(from, to int, v value) {
	var p split
	p.parse(s.text[from:to])
	if p.n == 0 {
		return
	}
	if k := p.classify(); k != kindNone {
		s.weigh(&p, k, s.text[from:to], v, opAssign)
	}
}

// keyed judges a text that is as a whole the value of [Input.Key].
func (s *scan) keyed() {
	var p split
	k := p.key(s.in.Key)
	if k == kindNone || len(s.text) > maxValue {
		return
	}
	i := run(s.text, 0, len(s.text), space)
	if word := []byte("[1] "); bytes.HasPrefix(s.text[i:], word) {
		i += len(word) // as R shows a value
	}
	v, next, ok := s.literals(i, false)
	if !ok || len(bytes.TrimSpace(s.text[next:])) > 0 {
		end := len(s.text)
		for end > i && is(s.text[end-1], space) {
			end--
		}
		if end == i {
			return
		}
		if bytes.IndexByte(s.text[i:end], '\n') >= 0 {
			s.keyedLines(&p, k)
			return
		}
		v = value{parts: []Span{{i, end}}, text: s.text[i:end], quoted: true}
	}
	s.weigh(&p, k, []byte(s.in.Key), v, opColon)
}

// keyedLines judges the lines of a text that holds a value of the name among
// other things, as what a cell printed.
func (s *scan) keyedLines(p *split, k kind) {
	const most = 50
	at := 0
	for range most {
		end := bytes.IndexByte(s.text[at:], '\n')
		if end < 0 {
			end = len(s.text) - at
		}
		from, to := run(s.text, at, end, space), at+end
		for to > from && is(s.text[to-1], space) {
			to--
		}
		if line := s.text[from:to]; len(line) >= 16 && all(line, b64std|b64url|dot|equals) {
			s.weigh(p, max(k, kindSecret), []byte(s.in.Key), value{parts: []Span{{from, to}}, text: line, quoted: true}, opIs)
		}
		if at += end + 1; at >= len(s.text) {
			return
		}
	}
}

// weigh records v as the value of a name of kind k, if it can be one.
func (s *scan) weigh(p *split, k kind, name []byte, v value, op operator) {
	if len(v.text) < 6 || !v.quoted && v.place == inExpression && k != kindPassword && (len(v.text) < 16 || !measure(v.text).random()) {
		return
	}
	if verdict(name) && (op == opColon && !v.quoted && !s.leads(v.parts[0].Start) && !s.accounts(v.parts[0].Start) && !s.beside(v.parts[0].Start) || op == opTag && !s.accounts(v.parts[0].Start)) {
		return
	}
	if v.param == '&' && s.link(p, v.text, v.start()) {
		return
	}
	if ambiguous[lowered(string(name))] && !s.beside(v.start()) {
		return
	}
	if v.param == '&' && uuid(v.text) && len(v.parts) > 0 && bytes.Contains(s.text[max(0, v.parts[0].Start-40):v.parts[0].Start], []byte("alt=media")) {
		return // of a file that Firebase shares by its address
	}
	if line := s.lineStart(v.start()); exemplary(s.text[line:v.start()]) || s.in.Language == Markdown && bytes.Contains(s.text[max(0, line-40):line], []byte(" look like")) {
		return
	}
	if v.quoted && s.closing(v) || bytes.EqualFold(bytes.TrimRight(v.text, "="), name) || !v.quoted && op == opColon && string(name) == "PASS" {
		return
	}
	if k == kindHeader || k == kindToken || k == kindKey {
		scheme, n := stripScheme(v.text)
		if n > 0 && len(v.parts) > 0 {
			v = v.from(n)
			if scheme == "basic" {
				return // readScheme has it
			}
			if k == kindHeader {
				k = kindToken
			}
		} else if k == kindHeader && op != opComma && op != opAssign && op != opColon {
			return
		}
	}
	if len(v.parts) > 1 && s.depth < maxDepth {
		before := len(s.cands)
		s.within(v.text, v.spans, string(name))
		if len(s.cands) > before {
			return
		}
	}
	text := v.text
	if v.param != 0 {
		text = unescaped(text)
	}
	if plain, ok := decoded(text); ok {
		if user, password, ok := bytes.Cut(plain, []byte(":")); ok && k == kindHeader && all(user, word|dot|dash) && !placeholder(password) && !weakWord(password) {
			s.add(candidate{rule: s.t.byID["basic-auth"], rank: rankNamed, parts: v.parts, name: string(name), preview: "…"})
			return
		}
		if s.encoded(p, k, name, v, plain) {
			return
		}
		if telling(text, plain) && s.service(p, v, text) == nil {
			return
		}
	}
	rule := s.service(p, v, text)
	if k == kindWeakKey && p.n == 1 && bytes.IndexByte(text, '/') >= 0 {
		rule = nil // rather the key of an object in a bucket
	}
	if k == kindWeakKey && p.n == 1 && rule == nil && s.opens(v, text) {
		k = kindKey
	}
	if rule == nil {
		if !believable(k, text, v, op, p.n > 1) && (k != kindPassword || !s.human(name, v, op)) && (k != kindSecret || !v.literal || !passphrase(text)) {
			return
		}
		rule = s.generic(k)
		if k == kindPassword {
			rule = s.passwordOf(p, v)
		}
		s.add(candidate{rule: rule, rank: rankGeneric, parts: v.parts, name: string(name), preview: "…"})
		return
	}
	r := rankNamed
	if bytes.HasPrefix(text, []byte("eyJ")) && jwtCheck(text) {
		r = rankIssued
	}
	s.add(candidate{rule: rule, rank: r, parts: v.parts, name: string(name), preview: "…"})
}

// closing reports whether the quotation mark before a value rather ends a
// string, and what follows is code: ask("Password: "), n = "x".
func (s *scan) closing(v value) bool {
	at := v.start()
	if at == 0 || len(v.text) == 0 || bytes.IndexByte([]byte("),;]}+"), v.text[0]) < 0 {
		return false
	}
	mark := s.text[at-1]
	head := s.text[s.lineStart(at-1) : at-1]
	return (mark == '"' || mark == '\'' || mark == '`') && bytes.Count(head, []byte{mark})%2 == 1
}

// linkKeys are parameters of the address under which something is shared with
// whoever knows it: a drawing of Graphistry, an annotation of OpenAltimetry, a
// file of Google Drive.
var linkKeys = words("viztoken sharekey resourcekey")

// link reports whether a parameter of a URL that ends at the byte at tells which
// thing is shared, and opens nothing else. Applications of ArcGIS have an
// appid, too.
func (s *scan) link(p *split, text []byte, at int) bool {
	name := string(p.buf[:p.ends[p.n-1]])
	switch name {
	case "authkey":
		return text[0] == '!' || bytes.HasPrefix(text, []byte("%21")) // OneDrive
	case "appid":
		return !bytes.Contains(s.text[max(0, bytesBefore(s.text, at)-near):at], []byte("openweather"))
	}
	return linkKeys[name]
}

// telling reports whether base64 text is plainly no credential by what it
// stands for: an object of JSON in which none was found, or prose.
func telling(text, plain []byte) bool {
	if plain[0] == '{' && plain[len(plain)-1] == '}' && bytes.Contains(plain, []byte("\":")) {
		return true
	}
	return text[len(text)-1] == '=' && all(plain, lower|space) && bytes.IndexByte(plain, ' ') > 0 && !phrase(plain, ' ', 3)
}

// ambiguous are names that mean a password beside a user's name, and something
// else elsewhere: a key in Spanish, a Markov decision process.
var ambiguous = words("clave mdp")

// beside reports whether a user's name may stand shortly before i.
func (s *scan) beside(i int) bool {
	head := bytes.ToLower(s.text[max(0, i-200):i])
	for _, w := range []string{"user", "usuario", "utilisateur", "login", "mail", "host"} {
		if bytes.Contains(head, []byte(w)) {
			return true
		}
	}
	return false
}

// exemplary reports whether a comment before a value says that it is made up:
// "a string like key = x".
func exemplary(head []byte) bool {
	i := bytes.IndexByte(head, '#')
	if i < 0 {
		return false
	}
	head = head[i:]
	for _, w := range []string{" like ", "e.g.", "such as ", "for example"} {
		if bytes.Contains(head, []byte(w)) {
			return true
		}
	}
	return false
}

// generic returns the rule for a kind that nothing more is known of.
func (s *scan) generic(k kind) *Rule {
	switch k {
	case kindPassword:
		return s.t.byID["generic-password"]
	case kindSecret:
		return s.t.byID["generic-secret"]
	case kindKey, kindWeakKey:
		return s.t.byID["generic-api-key"]
	}
	return s.t.byID["generic-token"]
}

// from drops the first n bytes of a value.
func (v value) from(n int) value {
	v.text = v.text[n:]
	parts := v.parts
	for len(parts) > 1 && n >= parts[0].End-parts[0].Start {
		n -= parts[0].End - parts[0].Start
		parts = parts[1:]
	}
	v.parts = append([]Span{{parts[0].Start + n, parts[0].End}}, parts[1:]...)
	return v
}

// spans says where a range of the joined text is.
func (v value) spans(r Span) []Span {
	var out []Span
	at := 0
	for _, p := range v.parts {
		n := p.End - p.Start
		lo, hi := max(r.Start, at), min(r.End, at+n)
		if lo < hi {
			out = append(out, Span{p.Start + lo - at, p.Start + hi - at})
		}
		at += n
	}
	return out
}

// encoded judges a value by what it decodes to, as in a Kubernetes Secret.
func (s *scan) encoded(p *split, k kind, name []byte, v value, plain []byte) bool {
	before := len(s.cands)
	s.within(plain, func(Span) []Span { return v.parts }, string(name))
	if len(s.cands) > before {
		s.cands = s.cands[:before+1]
		return true
	}
	w := value{text: plain, quoted: true}
	rule := s.service(p, w, plain)
	if rule == nil && !believable(k, plain, w, opColon, p.n > 1) {
		return false
	}
	r := rankNamed
	if rule == nil {
		rule, r = s.generic(k), rankGeneric
	}
	s.add(candidate{rule: rule, rank: r, parts: v.parts, name: string(name), preview: "…"})
	return true
}

// opens reports whether what stands around a value that is only called "key"
// says that it opens something: "using key: x", or talk of logging in.
func (s *scan) opens(v value, text []byte) bool {
	if len(v.parts) == 0 {
		return false
	}
	if tail := s.text[v.parts[0].End:min(len(s.text), v.parts[0].End+40)]; bytes.Contains(tail, []byte("secret=")) || bytes.Contains(tail, []byte("secret\":")) || bytes.Contains(tail, []byte("secret':")) {
		return true // one of a pair
	}
	if !all(text, alnum) && !uuid(text) && len(text) < 50 {
		return false
	}
	var buf [near + near/2]byte
	from, to := max(0, v.parts[0].Start-near), min(len(s.text), v.parts[0].End+near/2)
	w := buf[:copy(buf[:], s.text[from:v.parts[0].Start])]
	w = append(w, s.text[v.parts[0].End:to]...)
	for i := range w {
		w[i] = fold(w[i])
	}
	for _, word := range []string{"using key", "my key", "your key", "our key", "api_key", "apikey", "api key", "url='http", "url=\"http", "auth_", "_auth", "auth=", "authe", "authori", "login", "credential"} {
		if bytes.Contains(w, []byte(word)) {
			return true
		}
	}
	return false
}
