package detect

import "bytes"

// minShown is how many secret characters of a masked credential must be
// visible before it is worth a report.
const minShown = 8

// readMasked handles an ellipsis or stars in the middle of a token whose prefix
// tells what it is: sk-proj-abcd...wxyz.
func readMasked(s *scan, _ *action, start, end int) {
	from := runBack(s.text, start, 80, b64url)
	to := end
	for to < len(s.text) && to-end < 80 && (s.text[to] == '.' || s.text[to] == '*') {
		to++
	}
	to = run(s.text, to, 80, b64url)
	head, tail := s.text[from:start], s.text[end:to]
	tail = bytes.TrimLeft(tail, ".*")
	if len(tail) < 2 || len(head)+len(tail) < minShown { // prose, before any table is asked
		return
	}
	prefix := s.t.prefixOf(head)
	if prefix == "" || len(head)-len(prefix)+len(tail) < minShown {
		return
	}
	shown := append(bytes.Clone(head[len(prefix):]), tail...)
	if t := measure(shown); ordered(head[len(prefix):]) && ordered(tail) || dull(shown) || sampleWord(shown) || t.digit == 0 && t.score > -0.3 {
		return
	}
	s.add(candidate{
		rule: s.t.byID["masked-credential"], rank: rankMasked, parts: []Span{{from, to}},
		name: s.nameBefore(from), preview: prefix + "…", partial: true,
	})
}

// prefixOf returns the longest prefix of a known token that text begins with.
func (t *tables) prefixOf(text []byte) string {
	best := ""
	for _, r := range t.rules {
		for _, sh := range r.parsed {
			if p := sh.prefix; len(p) > len(best) && len(p) >= 3 && bytes.HasPrefix(text, []byte(p)) {
				best = p
			}
		}
	}
	return best
}

// ordered reports whether letters or digits follow each other as in the
// alphabet, as only in illustrations: abcd, 6789.
func ordered(text []byte) bool {
	for i := 1; i < len(text); i++ {
		if text[i] != text[i-1]+1 {
			return false
		}
	}
	return len(text) > 2
}
