package detect

import "bytes"

// accessKeyID is AWS's public half of a pair.
var accessKeyID = parseShape("{5:4}{5:16}")

// readKeyPair handles the literal that follows an access key id of AWS as the
// next argument, element or value: ("AKIA…", "x").
func readKeyPair(s *scan, _ *action, start, _ int) {
	text := s.text
	end := run(text, start, 24, upper|digit)
	if end-start != 20 || start > 0 && is(text[start-1], word) || !accessKeyID.whole(text[start:end]) {
		return
	}
	if rest := text[end:]; bytes.HasPrefix(rest, []byte("\\n")) {
		s.secretKey(end+2, '\\')
		return
	}
	q, next, ok := quoteAt(text, end)
	if !ok {
		return
	}
	next = run(text, next, 80, space)
	if next >= len(text) || text[next] != ',' {
		return
	}
	if next = run(text, next+1, 80, space); next < len(text) && is(text[next], letter) {
		if wrapped, ok := unwrap(text, next); ok {
			next = wrapped
		}
	}
	p, from, ok := quoteAt(text, next)
	if !ok || p.escapes != q.escapes {
		return
	}
	s.secretKey(from, p.char)
}

// secretKey records the 40 letters at from when the byte stop is behind them.
func (s *scan) secretKey(from int, stop byte) {
	to := run(s.text, from, 60, b64std)
	if to-from != 40 || to >= len(s.text) || s.text[to] != stop && s.text[to] != '\\' || placeholder(s.text[from:to]) || !measure(s.text[from:to]).random() {
		return
	}
	s.add(candidate{rule: s.t.byID["aws-secret-access-key"], rank: rankNamed, parts: []Span{{from, to}}, preview: "…"})
}

// readPragma handles the key of a database of SQLCipher: PRAGMA key = 'x'.
func readPragma(s *scan, _ *action, _, end int) {
	i := skipBlank(s.text, end)
	if i >= len(s.text) || s.text[i] != '=' {
		return
	}
	v, _, ok := s.literals(skipBlank(s.text, i+1), false)
	if ok && !bytes.HasPrefix(v.text, []byte("x'")) {
		s.password(v.parts[0].Start, v.parts[0].End, "key")
	}
}

// readMnemonic handles the words from which a wallet's keys are made: 12 to 24
// of a list of short ones.
//
// https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
func readMnemonic(s *scan, _ *action, start, end int) {
	text := s.text
	i := run(text, end, 40, word)
	i = run(text, i, 12, space|equals)
	for n := 0; n < 4 && i < len(text) && bytes.IndexByte([]byte("\"']:=( "), text[i]) >= 0; n++ {
		i = run(text, i+1, 12, space|equals)
	}
	from := i
	words := 0
	for words < 25 {
		stop := run(text, i, 9, lower)
		if stop-i < 3 || stop-i > 8 {
			break
		}
		if words++; stop+1 >= len(text) || text[stop] != ' ' || !is(text[stop+1], lower) {
			i = stop
			break
		}
		i = stop + 1
	}
	if words < 12 || words > 24 || words%3 != 0 || i < len(text) && is(text[i], word) {
		return
	}
	s.add(candidate{rule: s.t.byID["wallet-mnemonic"], rank: rankNamed, parts: []Span{{from, i}}, name: string(text[start:end]), preview: "…"})
}
