package ruleset

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// query is one Find.
type query struct {
	set  *Set
	path string
	text []byte
	emit func(Match)
	cut  bool // matches were left out
}

// scratch is the memory of a Find, to be used again.
type scratch struct {
	state   []state // of the rules with keywords
	touched []int32
	matches []Match
}

// state says where a rule is to be tried.
type state struct {
	touched bool
	windows []Span // in order; none: the whole text
}

// Find calls emit for each credential in a text, in order of position, and
// reports whether it looked at all matches, see [MaxMatches]. The path, with slashes, is of the file that the text is
// from; "" is unknown, and rules for certain paths then find nothing. Matches
// of different rules may overlap.
func (s *Set) Find(path string, text []byte, emit func(Match)) (whole bool) {
	if len(s.rules) == 0 || anyAllowsPath(s.allow, path) {
		return true
	}
	sc, _ := s.scratch.Get().(*scratch)
	if sc == nil {
		sc = &scratch{state: make([]state, len(s.rules))}
	}
	q := &query{set: s, path: path, text: text, emit: func(m Match) { sc.matches = append(sc.matches, m) }}
	for _, r := range s.always {
		if r.reads(path) {
			r.search(q, 0, len(text))
		}
	}
	s.keywords.find(text, func(word int32, start int) { s.hit(sc, len(text), word, start) })
	for _, i := range sc.touched {
		q.windows(s.rules[i], &sc.state[i])
		sc.state[i].touched, sc.state[i].windows = false, sc.state[i].windows[:0]
	}
	slices.SortStableFunc(sc.matches, func(a, b Match) int {
		return cmp.Or(a.Secret.Start-b.Secret.Start, a.Secret.End-b.Secret.End, cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	for _, m := range sc.matches {
		emit(m)
	}
	clear(sc.matches)
	sc.matches, sc.touched = sc.matches[:0], sc.touched[:0]
	s.scratch.Put(sc)
	return !q.cut
}

// hit notes for the rules of a keyword where it is.
func (s *Set) hit(sc *scratch, size int, word int32, start int) {
	n := len(s.keywords.words[word])
	for _, i := range s.byKeyword[word] {
		r, st := s.rules[i], &sc.state[i]
		if !st.touched {
			st.touched = true
			sc.touched = append(sc.touched, i)
		}
		if !r.windowed {
			continue
		}
		// What \b and ^ look at beyond a match must be in the window.
		w := Span{max(0, start-r.reach-utf8.UTFMax), min(size, start+n+r.reach+utf8.UTFMax)}
		if last := len(st.windows) - 1; last >= 0 && w.Start <= st.windows[last].End {
			st.windows[last].End = max(st.windows[last].End, w.End)
		} else {
			st.windows = append(st.windows, w)
		}
	}
}

// windows tries a rule where its keywords were seen.
func (q *query) windows(r *Rule, st *state) {
	if !r.reads(q.path) {
		return
	}
	if !r.windowed {
		r.search(q, 0, len(q.text))
		return
	}
	for _, w := range st.windows {
		r.search(q, w.Start, w.End)
	}
}

// reads reports whether the rule looks at texts of that path.
func (r *Rule) reads(path string) bool {
	return (r.path == nil || path != "" && r.path.matchesPath(path)) && !anyAllowsPath(r.allow, path)
}

func anyAllowsPath(list []*allow, path string) bool {
	return slices.ContainsFunc(list, func(a *allow) bool { return a.path(path) })
}

// search emits what the rule finds in a part of the text.
func (r *Rule) search(q *query, from, to int) {
	list := r.pattern.re.FindAllSubmatchIndex(q.text[from:to], MaxMatches+1)
	if len(list) > MaxMatches {
		q.cut = true
		list = list[:MaxMatches]
	}
	for _, groups := range list {
		for i := range groups {
			if groups[i] >= 0 {
				groups[i] += from
			}
		}
		m := r.match(q.text, groups)
		if secret := q.text[m.Secret.Start:m.Secret.End]; len(secret) == 0 || !r.plausible(secret) {
			continue
		}
		s := &subject{q.path, q.text, m.Secret, m.Whole}
		if q.set != nil && anyAllows(q.set.allow, s) || anyAllows(r.allow, s) {
			continue
		}
		q.emit(m)
	}
}

// match works out what the secret is. As in gitleaks, line ends around the
// whole are not part of it, and without a group it is the first that is not
// empty.
func (r *Rule) match(text []byte, groups []int) Match {
	whole := Span{groups[0], groups[1]}
	for whole.Start < whole.End && text[whole.Start] == '\n' {
		whole.Start++
	}
	for whole.Start < whole.End && text[whole.End-1] == '\n' {
		whole.End--
	}
	m := Match{Rule: r, Secret: whole, Whole: whole}
	first, last := 1, len(groups)/2-1
	if r.group > 0 {
		first, last = r.group, r.group
	}
	for i := first; i <= last; i++ {
		if groups[2*i] >= 0 && groups[2*i] < groups[2*i+1] {
			m.Secret = Span{groups[2*i], groups[2*i+1]}
			break
		}
	}
	return m
}

func (r *Rule) plausible(secret []byte) bool {
	return len(secret) >= r.minLength && (r.maxLength == 0 || len(secret) <= r.maxLength) &&
		(r.entropy == 0 || entropy(secret) > r.entropy)
}

// entropy is Shannon's, in bits for each character, as gitleaks computes it:
// characters are counted, bytes are divided by. Each byte that is not UTF-8
// counts as U+FFFD.
func entropy(text []byte) float64 {
	var ascii [utf8.RuneSelf]int
	var others map[rune]int
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		i += n
		if c < utf8.RuneSelf {
			ascii[c]++
			continue
		}
		if others == nil {
			others = map[rune]int{}
		}
		others[c]++
	}
	sum := 0.0
	add := func(count int) {
		if count > 0 {
			f := float64(count) / float64(len(text))
			sum -= f * math.Log2(f)
		}
	}
	for _, count := range ascii {
		add(count)
	}
	// In order, so that the sum of the same text is the same to the last bit.
	counts := make([]int, 0, len(others))
	for _, count := range others {
		counts = append(counts, count)
	}
	slices.Sort(counts)
	for _, count := range counts {
		add(count)
	}
	return sum
}

// Files returns the rules that a file's path alone matches, as for
// `path = '\.p12$'` without a regular expression.
func (s *Set) Files(path string) []*Rule {
	var out []*Rule
	if path == "" || anyAllowsPath(s.allow, path) {
		return nil
	}
	for _, r := range s.files {
		if r.reads(path) {
			out = append(out, r)
		}
	}
	return out
}
