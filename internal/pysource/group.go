package pysource

import (
	"sort"
	"strings"

	"github.com/nbseal/nbseal/internal/secret"
)

// group is an implicit concatenation: one string literal or several adjacent
// ones, which are one expression.
type group struct {
	site
	tokens []Token // from the first literal to the last, with what is between
	creds  []int   // those in it, in the order of the source

	lits   []*Token // the literals of tokens
	index  []int    // for each literal, its index in tokens
	starts []int    // for each literal, the index of its first unit
	units  []unit   // of all literals; at counts through the whole group
	length int      // of the group's value
	whole  bool     // the group as a whole is its one credential
}

// newGroup returns the group that starts at the token first of s.list.
func (p *plan) newGroup(s site, first *Token) *group {
	g := &group{site: s}
	starts := p.groupOf[&s.list[0]]
	lo := starts[s.at]
	hi := lo
	for i := lo; i < len(s.list) && starts[i] == lo; i++ {
		if s.list[i].Kind == String {
			hi = i
		}
	}
	g.at, g.tokens = lo, s.list[lo:hi+1]
	if len(s.chain) == 0 {
		g.top = lo
	}
	for i := range g.tokens {
		if t := &g.tokens[i]; t.Kind == String {
			g.lits = append(g.lits, t)
			g.index = append(g.index, i)
			g.starts = append(g.starts, len(g.units))
			g.units = t.Literal.units(g.units, g.length)
			if n := len(g.units); n > 0 {
				g.length = g.units[n-1].at + len(g.units[n-1].text)
			}
		}
	}
	g.starts = append(g.starts, len(g.units))
	return g
}

// literalAt is the index of the literal whose content holds r.
func (g *group) literalAt(r Range) int {
	lo, hi := 0, len(g.lits)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; g.lits[mid].Start <= r.Start {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// offset maps an offset in the content of literal k to one in the group's value.
func (g *group) offset(k, src int) (int, error) {
	end := g.length
	if next := g.starts[k+1]; next < len(g.units) {
		end = g.units[next].at
	}
	return offsetIn(g.units[g.starts[k]:g.starts[k+1]], src, g.lits[k].Literal.ContentEnd, end)
}

// value is the value of the ranges and where it is in the group's. The reason
// is "" when they have one and follow one another in it.
func (g *group) value(ranges []Range) (value string, from, to int, reason string) {
	var b strings.Builder
	for i, r := range ranges {
		k := g.literalAt(r)
		start, err1 := g.offset(k, r.Start)
		end, err2 := g.offset(k, r.End)
		if err1 != nil || err2 != nil {
			return "", 0, 0, "it cuts an escape sequence in two"
		}
		if i == 0 {
			from = start
		} else if start != to {
			return "", 0, 0, "its parts do not follow one another in the string"
		}
		to = end
		units := g.units[g.starts[k]:g.starts[k+1]]
		units = units[sort.Search(len(units), func(i int) bool { return units[i].end > r.Start }):]
		for _, u := range units {
			if u.start >= r.End {
				break
			}
			if u.why != "" {
				return "", 0, 0, "its value is not known: " + u.why
			}
			lo, hi := 0, len(u.text)
			if !u.whole {
				lo, hi = max(0, r.Start-u.start), min(hi, r.End-u.start)
			}
			b.WriteString(u.text[lo:hi])
		}
	}
	if from == to {
		return "", 0, 0, "it has no text"
	}
	return b.String(), from, to, ""
}

// measure finds the values of the group's credentials, and whether the group is
// one of them as a whole.
func (p *plan) measure(g *group) {
	reason := p.groupReason(g)
	var ok []int
	var from, to int
	for _, i := range g.creds {
		var value, r string
		if r = reason; r == "" {
			value, from, to, r = g.value(p.creds[i].Ranges)
		}
		if r != "" {
			p.refuse(i, r)
			continue
		}
		p.out[i].Value = secret.New([]byte(value))
		ok = append(ok, i)
	}
	g.creds = ok
	if len(ok) == 1 {
		if all, is := g.isWhole(from, to); is {
			g.whole = true
			p.out[ok[0]].Value = secret.New([]byte(all))
		}
	}
	for _, i := range g.creds {
		if reason := g.pieceReason(p.out[i].Value.Reveal(), p.creds[i].Ranges[0]); reason != "" {
			p.refuse(i, reason)
		}
	}
}

// isWhole reports whether the bytes [from, to) of the group's value are all of
// it, or all but white space in a triple-quoted literal, and returns it all.
func (g *group) isWhole(from, to int) (string, bool) {
	var b strings.Builder
	for _, u := range g.units {
		if u.why != "" {
			return "", false
		}
		b.WriteString(u.text)
	}
	all := b.String()
	if from == 0 && to == len(all) {
		return all, true
	}
	rest := strings.TrimSpace(all[:from]) + strings.TrimSpace(all[to:])
	return all, rest == "" && len(g.lits) == 1 && g.lits[0].Literal.Triple
}

// pieceReason says why a credential that starts at the range first cannot be
// replaced in the way that its group asks for, or "".
func (g *group) pieceReason(value []byte, first Range) string {
	bytes := g.lits[0].Literal.Bytes
	switch {
	case bytes && !g.whole:
		return "it is only a part of a bytes literal, which cannot be formatted"
	case bytes:
		for _, c := range value {
			if c >= 0x80 {
				return "it is bytes that are no ASCII text"
			}
		}
		return ""
	case g.whole:
		return ""
	}
	if _, ok := g.quote(g.lits[g.literalAt(first)].Literal); !ok {
		return "the f-strings around it leave no quotes for the name before Python 3.12"
	}
	return ""
}

// quote picks the quotes for the name in a field of lit: before Python 3.12
// none of the single quotes that delimit a formatted string around it.
func (g *group) quote(lit *Literal) (string, bool) {
	free := func(q byte) bool {
		if !lit.Triple && q == lit.Quote {
			return false
		}
		for _, e := range g.chain {
			if !e.lit.Triple && q == e.lit.Quote {
				return false
			}
		}
		return true
	}
	other := byte('\'')
	if lit.Quote == '\'' {
		other = '"'
	}
	for _, q := range []byte{other, lit.Quote} {
		if free(q) {
			return string(q), true
		}
	}
	return "", false
}

// edit plans the edits of the group's credentials.
func (p *plan) edit(g *group) {
	if g.whole {
		if i := g.creds[0]; p.out[i].Reason == "" {
			p.out[i].Edits, p.out[i].Calls = g.replaceWhole(p.cell.Source, p.creds[i].Name), true
		}
		return
	}
	pieces := make([][]piece, len(g.lits))
	for _, i := range g.creds {
		if p.out[i].Reason != "" {
			continue
		}
		p.out[i].Calls = true
		for n, r := range p.creds[i].Ranges {
			k := g.literalAt(r)
			pieces[k] = append(pieces[k], piece{cred: i, r: r, first: n == 0})
		}
	}
	for k, ps := range pieces {
		if len(ps) > 0 {
			p.literal(g, k, ps)
		}
	}
}

// replaceWhole replaces the group by one call. Comments between its literals
// stay where they are.
func (g *group) replaceWhole(src, name string) []Edit {
	q := `"`
	if len(g.chain) > 0 {
		q = string(g.lits[0].Literal.Quote)
	}
	call := "nbseal.get(" + q + name + q + ")"
	if g.lits[0].Literal.Bytes {
		call += ".encode()"
	}
	start := g.tokens[0].Start
	call = apart(src, start) + call
	commented := false
	for _, t := range g.tokens {
		commented = commented || t.Kind == Comment
	}
	if !commented {
		return []Edit{{start, g.tokens[len(g.tokens)-1].End, call}}
	}
	edits := []Edit{{start, g.tokens[0].End, call}}
	for _, t := range g.lits[1:] {
		edits = append(edits, Edit{t.Start, t.End, ""})
	}
	return edits
}

// apart is the blank that a name at the offset needs: return"x" is Python.
func apart(src string, at int) string {
	if at > 0 && isNameByte(src[at-1]) {
		return " "
	}
	return ""
}

// piece is a range of a credential within one literal.
type piece struct {
	cred  int
	r     Range
	first bool // the credential's first range, where the field goes
}

// literal plans the edits of the literal k, which holds pieces of one or several
// credentials and something else, or is a later part of one.
func (p *plan) literal(g *group, k int, pieces []piece) {
	t := g.lits[k]
	lit := t.Literal
	if only := pieces[0]; !only.first && only.r == (Range{lit.ContentStart, lit.ContentEnd}) {
		p.add(only.cred, Edit{g.before(k), t.End, ""})
		return
	}
	shared := -1 // the credential that bears what all in the literal need
	for _, pc := range pieces {
		text := ""
		if pc.first {
			if shared < 0 {
				shared = pc.cred
			}
			q, _ := g.quote(lit)
			text = "{nbseal.get(" + q + p.creds[pc.cred].Name + q + ")}"
		}
		p.add(pc.cred, Edit{pc.r.Start, pc.r.End, text})
	}
	if shared < 0 || lit.Format {
		return
	}
	quote := t.Start + len(lit.Prefix)
	if lit.Raw {
		p.add(shared, Edit{quote, quote, "f"})
	} else {
		p.add(shared, Edit{t.Start, quote, apart(p.cell.Source, t.Start) + "f"})
	}
	p.doubleBraces(g, k, pieces, shared)
}

// before is where the deletion of the later literal k starts: with what is
// between it and the one before, unless that holds a comment.
func (g *group) before(k int) int {
	for i := g.index[k] - 1; g.tokens[i].Kind != Comment; i-- {
		if g.tokens[i].Kind == String {
			return g.tokens[i].End
		}
	}
	return g.lits[k].Start
}

// doubleBraces doubles the braces of literal k outside of the pieces, but not
// those of \N{…}, which mean the same in an f-string.
func (p *plan) doubleBraces(g *group, k int, pieces []piece, cred int) {
	for _, u := range g.units[g.starts[k]:g.starts[k+1]] {
		if u.whole && u.end-u.start > 2 {
			continue
		}
		for at := u.start; at < u.end; at++ {
			for len(pieces) > 0 && pieces[0].r.End <= at {
				pieces = pieces[1:]
			}
			if len(pieces) > 0 && pieces[0].r.Start <= at {
				at = min(pieces[0].r.End, u.end) - 1
				continue
			}
			if c := p.cell.Source[at]; c == '{' || c == '}' {
				p.add(cred, Edit{at, at, string(c)})
			}
		}
	}
}

func (p *plan) add(cred int, e Edit) { p.out[cred].Edits = append(p.out[cred].Edits, e) }
