package ruleset

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReach is how long a match may be, in bytes, for windows to pay.
const maxReach = 8 << 10

// prepare works out whether windows around the keywords are enough. They are
// when every match holds a keyword and has a bounded length. Then every
// match, and all that could become one, lies in the windows and away from their
// cut ends, so that searching them gives exactly what the whole text gives.
func (r *Rule) prepare() {
	r.windowed, r.reach = false, 0
	if r.pattern == nil || len(r.keywords) == 0 {
		return
	}
	tree, err := syntax.Parse(r.pattern.re.String(), syntax.Perl)
	if err != nil {
		return // it was parsed before
	}
	tree = tree.Simplify()
	n := longest(tree)
	if n > maxReach {
		return
	}
	if l := literals(tree, r.keywords); l.must || holds(l.exact, r.keywords) {
		r.windowed, r.reach = true, n
	}
}

// longest returns how long a match can be, in bytes; more than maxReach when
// there is no such bound.
func longest(re *syntax.Regexp) int {
	const none = maxReach + 1
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				n += utf8.UTFMax
			} else {
				n += utf8.RuneLen(c)
			}
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = utf8.UTFMax
	case syntax.OpStar, syntax.OpPlus:
		return none
	case syntax.OpRepeat:
		if re.Max < 0 {
			return none
		}
		n = re.Max * longest(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = max(n, longest(sub))
		}
	default:
		for _, sub := range re.Sub {
			n = min(n+longest(sub), none)
		}
	}
	return min(n, none)
}

// literal is what is known of the texts that an expression matches.
type literal struct {
	exact []string // they are these, in lower case; nil when there are too many
	must  bool     // each of them holds a keyword
}

const (
	maxExact = 64 // texts
	maxText  = 256
)

// literals looks for keywords in whatever re may match, as the prefilter of
// RE2 does: it builds the texts that parts match as long as they are few, and
// when they become too many sees whether each holds a keyword.
func literals(re *syntax.Regexp, keywords []string) literal {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return literal{exact: []string{""}}
	case syntax.OpLiteral:
		return literalText(re)
	case syntax.OpCharClass:
		return literal{exact: classTexts(re)}
	case syntax.OpCapture:
		return literals(re.Sub[0], keywords)
	case syntax.OpPlus:
		l := literals(re.Sub[0], keywords)
		return literal{must: l.must || holds(l.exact, keywords)}
	case syntax.OpRepeat:
		if re.Min < 1 {
			return literal{}
		}
		l := literals(re.Sub[0], keywords)
		return literal{must: l.must || holds(l.exact, keywords)}
	case syntax.OpQuest:
		if l := literals(re.Sub[0], keywords); l.exact != nil {
			return literal{exact: append(l.exact, "")}
		}
	case syntax.OpAlternate:
		return alternate(re, keywords)
	case syntax.OpConcat:
		return concat(re, keywords)
	}
	return literal{}
}

func literalText(re *syntax.Regexp) literal {
	for _, c := range re.Rune {
		// Beyond ASCII, case is not what the prefilter takes it to be: (?i)k
		// matches the Kelvin sign. Such a text holds no keyword, nor would it
		// without windows.
		if c >= utf8.RuneSelf {
			return literal{}
		}
	}
	return literal{exact: []string{strings.ToLower(string(re.Rune))}}
}

// classTexts are the letters of a small class of ASCII characters.
func classTexts(re *syntax.Regexp) []string {
	var out []string
	seen := map[rune]bool{}
	for i := 0; i < len(re.Rune); i += 2 {
		if re.Rune[i+1]-re.Rune[i] >= maxExact {
			return nil
		}
		for c := re.Rune[i]; c <= re.Rune[i+1]; c++ {
			if c == '\u017f' || c == '\u212a' {
				continue // what (?i)[sk] has beyond ASCII, see literalText
			}
			if c >= utf8.RuneSelf {
				return nil
			}
			if c = unicode.ToLower(c); !seen[c] {
				seen[c] = true
				out = append(out, string(c))
			}
		}
	}
	if len(out) > maxExact {
		return nil
	}
	return out
}

func alternate(re *syntax.Regexp, keywords []string) literal {
	all := literal{exact: []string{}, must: true}
	for _, sub := range re.Sub {
		l := literals(sub, keywords)
		if l.exact == nil || all.exact == nil || len(all.exact)+len(l.exact) > maxExact {
			all.exact = nil
		} else {
			all.exact = append(all.exact, l.exact...)
		}
		all.must = all.must && (l.must || holds(l.exact, keywords))
	}
	return all
}

func concat(re *syntax.Regexp, keywords []string) literal {
	whole := true // texts are of all that came before
	must := false
	texts := []string{""}
	for _, sub := range re.Sub {
		l := literals(sub, keywords)
		must = must || l.must
		if next := product(texts, l.exact); next != nil {
			texts = next
			continue
		}
		must = must || holds(texts, keywords)
		whole = false
		if texts = l.exact; texts == nil {
			texts = []string{""}
		}
	}
	if must = must || holds(texts, keywords); !whole {
		texts = nil
	}
	return literal{exact: texts, must: must}
}

// product joins each of a with each of b; nil when that is too much.
func product(a, b []string) []string {
	if len(b) == 0 || len(a)*len(b) > maxExact {
		return nil
	}
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxText {
				return nil
			}
			out = append(out, x+y)
		}
	}
	return out
}

// holds reports whether each of the texts, of which there must be some, holds a
// keyword.
func holds(texts, keywords []string) bool {
	for _, t := range texts {
		found := false
		for _, k := range keywords {
			found = found || strings.Contains(t, k)
		}
		if !found {
			return false
		}
	}
	return len(texts) > 0
}
