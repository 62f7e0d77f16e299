package ruleset

import "bytes"

// allow says which matches are no findings.
type allow struct {
	every   bool // all that it names must hold, not just one
	never   bool // it also names what never holds here: a commit
	target  target
	regexes []*pattern
	paths   []*pattern
	words   []string // in lower case; the secret contains one
	rules   []string // the rules it is for, when it stands outside of any
	at      place
}

// target is what the regular expressions of an allow list look at.
type target uint8

const (
	targetSecret target = iota
	targetMatch
	targetLine
)

func (a *allow) empty() bool { return len(a.regexes) == 0 && len(a.paths) == 0 && len(a.words) == 0 }

// subject is a match that may be allowed.
type subject struct {
	path          string
	text          []byte
	secret, whole Span
}

func (s *subject) of(t target) []byte {
	switch t {
	case targetMatch:
		return s.text[s.whole.Start:s.whole.End]
	case targetLine:
		start := bytes.LastIndexByte(s.text[:s.whole.Start], '\n') + 1
		end := bytes.IndexByte(s.text[s.whole.End:], '\n')
		if end < 0 {
			return s.text[start:]
		}
		return s.text[start : s.whole.End+end]
	}
	return s.text[s.secret.Start:s.secret.End]
}

// path reports whether the path alone is enough.
func (a *allow) path(path string) bool {
	return anyPath(a.paths, path) && (!a.every || !a.never && len(a.regexes) == 0 && len(a.words) == 0)
}

func anyPath(list []*pattern, path string) bool {
	for _, p := range list {
		if path != "" && p.matchesPath(path) {
			return true
		}
	}
	return false
}

func (a *allow) regex(s *subject) bool {
	if len(a.regexes) == 0 {
		return false
	}
	text := s.of(a.target)
	for _, p := range a.regexes {
		if len(text) > 0 && p.matches(text) {
			return true
		}
	}
	return false
}

func (a *allow) word(s *subject) bool {
	if len(a.words) == 0 {
		return false
	}
	secret := bytes.ToLower(s.of(targetSecret))
	for _, w := range a.words {
		if bytes.Contains(secret, []byte(w)) {
			return true
		}
	}
	return false
}

func (a *allow) allows(s *subject) bool {
	if !a.every {
		return anyPath(a.paths, s.path) || a.regex(s) || a.word(s)
	}
	return !a.never && !a.empty() &&
		(len(a.paths) == 0 || anyPath(a.paths, s.path)) &&
		(len(a.words) == 0 || a.word(s)) &&
		(len(a.regexes) == 0 || a.regex(s))
}

func anyAllows(list []*allow, s *subject) bool {
	for _, a := range list {
		if a.allows(s) {
			return true
		}
	}
	return false
}

// Allowed reports whether the allow lists of the files allow what the built-in
// rule of that ID found in a text. For those that look at the whole match, the
// secret is all there is.
func (s *Set) Allowed(id, path string, text []byte, secret Span) bool {
	if len(s.allow) == 0 && len(s.targeted) == 0 {
		return false
	}
	m := &subject{path, text, secret, secret}
	return anyAllows(s.allow, m) || anyAllows(s.targeted[id], m)
}
