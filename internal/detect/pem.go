package detect

import "bytes"

const maxPEM = 16 << 10 // bytes of the longest key block that is read

// readPEM handles the words "PRIVATE KEY": the block that they begin, from the
// first dash of BEGIN to the last of END.
func readPEM(s *scan, _ *action, start, end int) {
	const begin = "-----BEGIN "
	if string(s.text[start:end]) != "PRIVATE KEY" {
		return
	}
	from := bytes.LastIndex(s.text[max(0, start-40):start], []byte(begin))
	if from < 0 {
		return
	}
	from += max(0, start-40)
	label := s.text[from+len(begin) : start]
	if !all(label, upper|digit|space) {
		return
	}
	if bytes.HasPrefix(s.text[end:], []byte(" BLOCK")) {
		end += len(" BLOCK")
	}
	if !bytes.HasPrefix(s.text[end:], []byte("-----")) {
		return
	}
	body := end + 5
	stop := min(len(s.text), body+min(maxPEM, max(0, s.allowance)))
	close, letters := keyBody(s.text, body, stop)
	s.allowance -= close - body
	if letters < 40 {
		return
	}
	if tail := []byte("-----END "); bytes.HasPrefix(s.text[close:], tail) {
		if i := bytes.Index(s.text[close+len(tail):min(len(s.text), close+80)], []byte("-----")); i >= 0 {
			close += len(tail) + i + 5
		}
	} else {
		for close > body && !is(s.text[close-1], b64std|equals) {
			close--
		}
	}
	rule := "private-key"
	switch {
	case bytes.HasPrefix(label, []byte("OPENSSH")):
		rule = "openssh-private-key"
	case bytes.HasPrefix(label, []byte("PGP")):
		rule = "pgp-private-key"
	case bytes.HasPrefix(label, []byte("ENCRYPTED")):
		rule = "encrypted-private-key"
	case s.serviceAccount(from, close):
		rule = "google-service-account"
	}
	s.add(candidate{rule: s.t.byID[rule], rank: rankBlock, parts: []Span{{from, close}}, name: s.nameBefore(from), preview: begin + "…"})
}

// keyBody returns where a block's END or whatever else ends it begins, and how
// many letters of base64 come before.
func keyBody(text []byte, i, stop int) (int, int) {
	letters := 0
	for i < stop {
		switch b := text[i]; {
		case is(b, b64std|equals):
			letters++
		case b == '\\' && i+1 < stop && bytes.IndexByte([]byte("nrt\\"), text[i+1]) >= 0:
			i++ // a line end as a program writes it
		case is(b, space) || b == '"' || b == '\'' || b == '\\' || b == ',' || b == ':' || b == '(' || b == ')' || b == '.' || b == '>' || b == '|' || b == '#':
		case b == '-':
			if bytes.HasPrefix(text[i:], []byte("-----")) {
				return i, letters
			}
		default:
			if !is(b, alnum|dash|under) {
				return i, letters
			}
		}
		i++
	}
	return i, letters
}

// serviceAccount reports whether a key stands in the JSON that Google hands
// out for a service account.
func (s *scan) serviceAccount(from, to int) bool {
	around := s.text[max(0, from-400):from]
	return bytes.Contains(around, []byte("private_key_id")) || bytes.Contains(around, []byte("service_account")) ||
		bytes.Contains(s.text[to:min(len(s.text), to+200)], []byte("gserviceaccount.com"))
}

// readJWK handles a JSON Web Key: its member "d" is the private part, of a
// symmetric one "k" is all of it. RFC 7517, RFC 7518 section 6.
func readJWK(s *scan, _ *action, start, _ int) {
	const reach = 4096
	if s.allowance -= reach; s.allowance < 0 {
		return
	}
	from := bytes.LastIndexByte(s.text[max(0, start-reach):start], '{') + max(0, start-reach)
	object := s.text[from:min(len(s.text), start+reach)]
	if end := bytes.IndexByte(object, '}'); end >= 0 {
		object = object[:end]
	}
	for at := 0; at < len(object); at++ {
		q, next, ok := quoteAt(object, at)
		if !ok {
			continue
		}
		to, after, ok := q.close(object, next)
		if !ok {
			return
		}
		if name := string(object[next:to]); name == "d" || name == "k" {
			colon := skipBlank(object, after)
			if colon < len(object) && object[colon] == ':' {
				if p, a, ok := quoteAt(object, skipBlank(object, colon+1)); ok {
					if b, _, ok := p.close(object, a); ok && b-a >= 22 && all(object[a:b], b64url) && !placeholder(object[a:b]) {
						s.add(candidate{rule: s.t.byID["private-key"], rank: rankShape, parts: []Span{{from + a, from + b}}, name: name, preview: "…"})
					}
				}
			}
			return
		}
		at = after - 1
	}
}
