package detect

import "bytes"

// stripScheme returns an authorization scheme at the start of a header's value,
// and the length of what stands before the credential.
func stripScheme(b []byte) (string, int) {
	for _, w := range []string{"bearer", "basic", "token", "ssws", "oauth", "apitoken", "api-token", "geniekey", "deepl-auth-key", "api-key", "apikey", "key", "negotiate", "jwt", "bot", "sso-key", "genie-key", "pat", "splunk", "client-id"} {
		if len(b) > len(w)+4 && b[len(w)] == ' ' && lowered(string(b[:len(w)])) == w {
			return w, run(b, len(w), 8, space)
		}
	}
	if bytes.HasPrefix(b, []byte("token=")) || bytes.HasPrefix(b, []byte("Token token=")) {
		return "token", bytes.IndexByte(b, '=') + 1
	}
	return "", 0
}

// skipScheme returns where the credential of an Authorization header begins that
// stands without quotes behind its scheme, "Token x", when i is behind the
// name; or i. What has a reader of its own is left to it.
func skipScheme(text []byte, i int) int {
	at := skipBlank(text, i)
	if at == len(text) || !is(text[at], letter) {
		return i
	}
	line := text[at:min(len(text), at+40)]
	scheme, n := stripScheme(line)
	if n == 0 || scheme == "basic" || scheme == "bearer" {
		return i
	}
	return at + n
}

// readScheme handles "Bearer" and "Basic": what follows is the credential, also
// as the next literal or argument.
func readScheme(s *scan, _ *action, start, end int) {
	if start > 0 && is(s.text[start-1], word) && !escapeBefore(s.text, start) {
		return
	}
	basic := fold(s.text[start+1]) == 'a'
	i := end
	var q quote
	if j, next, ok := quoteAt(s.text, skipBlank(s.text, i)); ok {
		// "Bearer " + "x", paste("Bearer", "x")
		k := run(s.text, next, 8, space)
		for k < len(s.text) && (s.text[k] == '+' || s.text[k] == ',') {
			k = run(s.text, k+1, 80, space)
		}
		if q, next, ok = quoteAt(s.text, k); !ok || j.char != q.char && k == next {
			return
		}
		i = next
	} else {
		i = skipBlank(s.text, i)
		if i == end && !basic {
			if i < len(s.text) && s.text[i] == ':' {
				i = skipBlank(s.text, i+1)
			} else {
				return
			}
		}
	}
	stop := run(s.text, i, maxValue, b64std|b64url|dot|tilde|equals|percent)
	if stop > i && stop < len(s.text) && s.text[stop] == ':' {
		if n := run(s.text, stop+1, maxValue, b64url); n-stop > 20 {
			stop = n // of two parts, as Asana's
		}
	}
	if rest := s.text[i:]; bytes.HasPrefix(rest, []byte("%s")) || bytes.HasPrefix(rest, []byte("{}")) {
		v, ok := s.filled(Span{i, i + 2})
		if !ok || len(v.parts) != 1 {
			return
		}
		i, stop = v.parts[0].Start, v.parts[0].End
	}
	token := s.text[i:stop]
	if basic {
		s.basic(i, stop, token)
		return
	}
	if len(token) < 16 || placeholder(token) || lookalike(token) || stop < len(s.text) && is(s.text[stop], punct) && s.text[stop] != ',' && s.text[stop] != ')' && s.text[stop] != ';' && s.text[stop] != '}' && s.text[stop] != ']' && s.text[stop] != '<' {
		return
	}
	t := measure(token)
	if !t.random() || ordinary(token, t) {
		return
	}
	r := s.t.byID["bearer-token"]
	if sr := s.vicinity(i, token); sr != nil {
		r = sr
	}
	s.add(candidate{rule: r, rank: rankNamed, parts: []Span{{i, stop}}, name: "Authorization", preview: "…"})
}

func skipBlank(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	return i
}

// basic judges what follows "Basic": base64 of user:password.
func (s *scan) basic(i, stop int, token []byte) {
	plain, ok := decoded(token)
	if !ok {
		return
	}
	user, password, ok := bytes.Cut(plain, []byte(":"))
	if !ok || bytes.IndexByte(user, ' ') >= 0 || len(password) < 4 && len(user) < 16 || placeholder(plain) || len(password) > 0 && (placeholder(password) || weakWord(password)) {
		return
	}
	s.add(candidate{rule: s.t.byID["basic-auth"], rank: rankNamed, parts: []Span{{i, stop}}, name: "Authorization", preview: "…"})
}

// nameBefore returns the name that the literal around i is given to, or "".
func (s *scan) nameBefore(i int) string {
	text := s.text
	for i > 0 && bytes.IndexByte([]byte("\"'`\\"), text[i-1]) >= 0 {
		i--
	}
	for i > 0 && is(text[i-1], letter) && (i < 2 || !is(text[i-2], word)) {
		i-- // the f of f"…"
	}
	gap := i
	for i > 0 && gap-i < 40 && (is(text[i-1], space) || text[i-1] == '(' || text[i-1] == '\\') {
		i--
	}
	switch {
	case i > 0 && (text[i-1] == '=' || text[i-1] == ':' || text[i-1] == ','):
		i--
	case i > 1 && text[i-1] == '-' && text[i-2] == '<':
		i -= 2
	default:
		return ""
	}
	comma := text[i] == ','
	for i > 0 && (is(text[i-1], space) || text[i-1] == ':' || text[i-1] == '=') && gap-i < 60 {
		i--
	}
	closed := false
	for i > 0 && bytes.IndexByte([]byte("]\"'`\\*"), text[i-1]) >= 0 {
		i--
		closed = true
	}
	if comma && !closed {
		return ""
	}
	from := runBack(text, i, maxName, word|dash|dot)
	return string(bytes.Trim(text[from:i], "-."))
}
