package scan

import (
	"bytes"
	"sort"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

// Ignored reports whether a comment says that the match is to be left alone:
// "nbseal:ignore", with the ids of rules if not all are meant, "gitleaks:allow"
// or "pragma: allowlist secret" on one of its lines, "pragma: allowlist nextline
// secret" on the line before. The match is one of the unit that In was given
// last. Only sources and plain files can say so: what a program has printed, and
// metadata, must not silence a scan.
func (f *Finder) Ignored(m detect.Match) bool {
	start, end := bounds(m)
	return f.ignored(start, end, m.Rule.ID)
}

// ignored is Ignored for what the rule of that id says of a range.
func (f *Finder) ignored(start, end int, rule string) bool {
	if f.unit == nil {
		return false
	}
	if !f.searched {
		f.comments, f.searched = comments(f.unit.Text), true
	}
	first := sort.Search(len(f.comments), func(i int) bool { return f.comments[i].end >= start })
	for _, c := range f.comments[first:] {
		if c.start >= end {
			break
		}
		if c.all || c.rules[rule] {
			return true
		}
	}
	return false
}

// mayComment reports whether a person has written the unit as source.
func (f *Finder) mayComment(u *notebook.Unit) bool {
	if u.Place == nil {
		return f.Plain
	}
	return u.Place.Where == finding.Source
}

// ignore is what comments say about a line.
type ignore struct {
	start, end int // of the line, its end excluded
	all        bool
	rules      map[string]bool
}

// comments lists the lines of text that comments speak of, in order.
func comments(text []byte) []ignore {
	var list []ignore
	m := marks{text: text, at: [len(markWords)]int{-1, -1, -1}}
	line := ignore{start: -1} // the line of the last mark
	below := false            // it speaks of the line below as well
	flush := func(next int) {
		if line.all || len(line.rules) > 0 {
			list = append(list, line)
		}
		if below && line.end < len(text) && line.end+1 < next {
			list = append(list, lineAt(text, line.end+1, true))
		}
	}
	for at := 0; ; {
		k, word := m.next(at)
		if k == len(text) {
			flush(k + 1)
			return list
		}
		if line.start < 0 || k > line.end {
			start := bytes.LastIndexByte(text[:k], '\n') + 1
			flush(start)
			line = lineAt(text, start, below && line.end+1 == start)
			below = false
		}
		at = k + len(word)
		if k == 0 || !isWord(text[k-1]) {
			below = line.read(word, text[at:line.end]) || below
		}
	}
}

func lineAt(text []byte, start int, all bool) ignore {
	end := len(text)
	if n := bytes.IndexByte(text[start:], '\n'); n >= 0 {
		end = start + n
	}
	return ignore{start: start, end: end, all: all}
}

// markWords are what comments are recognised by; the last is detect-secrets' own.
var markWords = [...]string{"nbseal:ignore", "gitleaks:allow", "pragma:"}

// marks finds the words one after the other, in time linear in the text.
type marks struct {
	text []byte
	at   [len(markWords)]int // where each was found last; -1: not looked for
}

// next returns the first mark from an offset on, the text's length if there is
// none.
func (m *marks) next(from int) (at int, word string) {
	at = len(m.text)
	for i, w := range markWords {
		if m.at[i] < from {
			m.at[i] = len(m.text)
			if k := bytes.Index(m.text[from:], []byte(w)); k >= 0 {
				m.at[i] = from + k
			}
		}
		if m.at[i] < at {
			at, word = m.at[i], w
		}
	}
	return at, word
}

// read takes in a mark, given what is behind it on its line. It reports whether
// the mark speaks of the line below.
func (c *ignore) read(word string, rest []byte) (below bool) {
	switch word {
	case "nbseal:ignore":
		if len(rest) > 0 && (isWord(rest[0]) || rest[0] == ':') || len(rest) > 1 && rest[0] == '-' && isWord(rest[1]) {
			return false
		}
		c.addRules(rest)
	case "gitleaks:allow":
		c.all = c.all || len(rest) == 0 || !isWord(rest[0])
	default:
		rest = bytes.TrimPrefix(rest, []byte(" "))
		for _, form := range pragmas {
			if tail, ok := bytes.CutPrefix(rest, []byte(form.words)); ok && (len(tail) == 0 || !isWord(tail[0])) {
				c.all = c.all || !form.below
				return form.below
			}
		}
	}
	return false
}

// pragmas are detect-secrets' comments:
// https://github.com/Yelp/detect-secrets#inline-allowlisting
var pragmas = []struct {
	words string
	below bool
}{
	{"allowlist secret", false}, {"allowlist-secret", false}, {"whitelist secret", false}, {"whitelist-secret", false},
	{"allowlist nextline secret", true}, {"allowlist-nextline-secret", true},
}

// addRules reads the words behind "nbseal:ignore"; without any, all rules are
// meant. A word that is the id of no rule silences nothing, so that a slip of
// the pen does not silence everything; a reason goes behind "--" or in
// parentheses.
func (c *ignore) addRules(s []byte) {
	for all := true; ; all = false {
		s = bytes.TrimLeft(s, " \t,")
		n := 0
		for n < len(s) && (isWord(s[n]) || s[n] == '-' && n > 0) {
			n++
		}
		if n == 0 {
			c.all = c.all || all
			return
		}
		if c.rules == nil {
			c.rules = map[string]bool{}
		}
		c.rules[string(bytes.TrimRight(s[:n], "-"))] = true
		s = s[n:]
	}
}

func isWord(b byte) bool {
	return 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || b == '_'
}
