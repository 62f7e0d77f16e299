package pysource

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/secret"
)

// Cred is a credential in a cell.
type Cred struct {
	// Ranges are the bytes of its text in the cell's source, in order: several
	// when it is spread over adjacent literals.
	Ranges []Range
	// Name is the secret's name in the store. It goes into code between quotes.
	Name string
}

// Edit replaces the bytes [Start, End) of the cell's source by Text. An edit
// with Start == End inserts.
type Edit struct {
	Start, End int
	Text       string
}

// Outcome says what becomes of one credential: either Edits, with Value to be
// stored under its name, or a Reason.
type Outcome struct {
	// Edits are in order and do not overlap those of another Outcome. What two
	// credentials in one literal have in common (the prefix, doubled braces) is
	// among the edits of the first alone: apply the edits of a whole Result, or
	// call Rewrite again without the credentials that are to stay.
	Edits []Edit
	// Value is what nbseal.get(NAME) has to return so that every expression
	// keeps its value. It can be longer than the credential's text in the
	// source: the white space of a triple-quoted literal, all of what %env sets.
	Value secret.Value
	// Calls is set when the edits call nbseal, which then has to be imported.
	Calls bool
	// Reason says for people why the credential stays where it is; "" when it
	// does not.
	Reason string
}

// Result holds one Outcome for each credential, in the order asked.
type Result struct{ Outcomes []Outcome }

// Edits returns the edits of all outcomes in the order of the source. They do
// not overlap, but may touch.
func (r Result) Edits() []Edit {
	var all []Edit
	for _, o := range r.Outcomes {
		all = append(all, o.Edits...)
	}
	slices.SortStableFunc(all, compareEdits)
	return all
}

func compareEdits(a, b Edit) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// NeedsImport reports whether some edit calls nbseal.
func (r Result) NeedsImport() bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Calls })
}

// Rewrite plans how the credentials of a cell are replaced by calls of nbseal.
// It never fails as a whole: what cannot be done safely is an Outcome with a
// Reason. With the edits applied, and nbseal.get(NAME) returning the Value that
// belongs to the name, every expression has the value it had before, and the
// source remains valid for every version of Python it was valid for.
func Rewrite(src string, creds []Cred) Result {
	res := Result{Outcomes: make([]Outcome, len(creds))}
	cell, err := Parse(src)
	if err != nil {
		for i := range res.Outcomes {
			res.Outcomes[i].Reason = "the cell cannot be read as Python: " + err.Error()
		}
		return res
	}
	p := &plan{cell: cell, creds: creds, out: res.Outcomes, groupOf: map[*Token][]int{}, groups: map[*Token]*group{}}
	p.rebound = rebinds(src, cell.Tokens)
	for _, i := range p.order() {
		p.place(i)
	}
	for _, g := range p.sorted {
		p.measure(g)
	}
	p.oneValuePerName()
	for _, g := range p.sorted {
		p.edit(g)
	}
	for i := range p.out {
		o := &p.out[i]
		if o.Reason != "" {
			*o = Outcome{Reason: o.Reason}
		}
		slices.SortStableFunc(o.Edits, compareEdits)
	}
	return res
}

type plan struct {
	cell    *Cell
	creds   []Cred
	out     []Outcome
	lines   *lines
	rebound bool // the cell gives the name nbseal to something else
	end     int  // of the last range placed

	groupOf map[*Token][]int // by the first token of a list: for each token, where its group starts
	groups  map[*Token]*group
	sorted  []*group
}

// refuse gives the credential a reason unless it has one.
func (p *plan) refuse(i int, reason string) {
	if p.out[i].Reason == "" {
		p.out[i].Reason = reason
	}
}

// order checks the credentials on their own and sorts those that are well
// formed by where they start.
func (p *plan) order() []int {
	var order []int
	for i, c := range p.creds {
		end := 0
		ok := len(c.Ranges) > 0
		for _, r := range c.Ranges {
			ok = ok && r.Start >= end && r.End > r.Start && p.onRune(r.Start) && p.onRune(r.End)
			end = r.End
		}
		switch {
		case !ok:
			p.refuse(i, "its place in the cell is not known")
		case !validName(c.Name):
			p.refuse(i, "the name it is to have cannot stand in a line of code")
		default:
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(p.creds[a].Ranges[0].Start, p.creds[b].Ranges[0].Start)
	})
	return order
}

// onRune reports whether the offset is in the source and between characters.
func (p *plan) onRune(at int) bool {
	src := p.cell.Source
	return at == len(src) || at < len(src) && utf8.RuneStart(src[at])
}

// validName holds for every name of the store: letters, digits and _ . - / .
func validName(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool {
		return r >= 0x80 || !isNameByte(byte(r)) && r != '.' && r != '-' && r != '/'
	})
}

// site is where a range is: a token, and the formatted strings around it.
type site struct {
	list  []Token
	at    int // index in list; -1 when the range is in no single token
	top   int // index of the token of the cell around it
	chain []enclosing
}

// enclosing is a formatted string with the field that encloses a site.
type enclosing struct {
	lit   *Literal
	field *Field
}

func (s site) token() *Token { return &s.list[s.at] }

// find locates a range. The reason is "" when it is within one token.
func (p *plan) find(r Range) (site, string) {
	s := site{list: p.cell.Tokens}
	s.at = tokenAt(s.list, r)
	s.top = s.at
	for {
		if s.at < 0 {
			return s, "it is not within one string, comment or %env line"
		}
		lit := s.token().Literal
		if lit == nil {
			return s, ""
		}
		if r.Start < lit.ContentStart || r.End > lit.ContentEnd {
			return s, "it goes over the quotes of a string"
		}
		f := fieldAt(lit.Fields, r)
		if f == nil {
			return s, ""
		}
		for ; f != nil; f = fieldAt(f.Spec, r) {
			if r.Start <= f.Start || r.End >= f.End {
				return s, "it holds a replacement field, or a part of one"
			}
			s.chain = append(s.chain, enclosing{lit, f})
			if s.at = tokenAt(f.Tokens, r); s.at >= 0 {
				s.list = f.Tokens
				break
			}
		}
		if f == nil {
			return s, "it is in a format specification"
		}
	}
}

// tokenAt is the index of the token that holds all of r, or -1.
func tokenAt(list []Token, r Range) int {
	i := sort.Search(len(list), func(i int) bool { return list[i].End > r.Start })
	if i == len(list) || r.Start < list[i].Start || r.End > list[i].End {
		return -1
	}
	return i
}

// fieldAt is the first field that has a byte of r, or nil.
func fieldAt(fields []Field, r Range) *Field {
	i := sort.Search(len(fields), func(i int) bool { return fields[i].End > r.Start })
	if i == len(fields) || fields[i].Start >= r.End {
		return nil
	}
	return &fields[i]
}

// place finds where the credential is, deals with it where it is no string, and
// puts it into its group where it is.
func (p *plan) place(i int) {
	c := p.creds[i]
	if c.Ranges[0].Start < p.end {
		p.refuse(i, "it overlaps another credential")
		return
	}
	p.end = c.Ranges[len(c.Ranges)-1].End
	s, reason := p.find(c.Ranges[0])
	if reason != "" {
		p.refuse(i, reason)
		return
	}
	switch t := s.token(); t.Kind {
	case String:
		p.join(i, s)
	case Comment:
		p.comment(i, t)
	case Magic:
		p.magic(i, t)
	case Foreign:
		p.refuse(i, foreignReason(p.cell.Tokens))
	default:
		p.refuse(i, "it is in the code itself, not in a string or a comment")
	}
}

// join puts the credential into the group of literals that its first range is
// in, once the others are in the same.
func (p *plan) join(i int, s site) {
	key := p.groupStart(s.list, s.at)
	for _, r := range p.creds[i].Ranges[1:] {
		other, reason := p.find(r)
		if reason == "" && (other.token().Kind != String || p.groupStart(other.list, other.at) != key) {
			reason = "its parts are not in adjacent strings"
		}
		if reason != "" {
			p.refuse(i, reason)
			return
		}
	}
	g := p.groups[key]
	if g == nil {
		g = p.newGroup(s, key)
		p.groups[key] = g
		p.sorted = append(p.sorted, g)
	}
	g.creds = append(g.creds, i)
}

// groupStart is the first literal of the implicit concatenation that the
// literal at is in.
func (p *plan) groupStart(list []Token, at int) *Token {
	starts := p.groupOf[&list[0]]
	if starts == nil {
		starts = make([]int, len(list))
		last := -1
		for i, t := range list {
			switch t.Kind {
			case String:
				if last < 0 {
					last = i
				}
			case Space, Continuation, NL, Comment:
			default:
				last = -1
			}
			starts[i] = last
		}
		p.groupOf[&list[0]] = starts
	}
	return &list[starts[at]]
}

// comment plans the redaction of a credential in a comment.
func (p *plan) comment(i int, t *Token) {
	c := p.creds[i]
	if len(c.Ranges) > 1 {
		p.refuse(i, "it is spread over several comments")
		return
	}
	r := c.Ranges[0]
	if r.Start == t.Start {
		p.refuse(i, "it begins with the sign that makes the line a comment")
		return
	}
	p.out[i].Edits = []Edit{{r.Start, r.End, "[nbseal:" + c.Name + "]"}}
	p.out[i].Value = secret.New([]byte(p.cell.Source[r.Start:r.End]))
}

// oneValuePerName refuses a credential whose name stands for another value
// already: nbseal.get could return only one of them.
func (p *plan) oneValuePerName() {
	values := map[string]secret.Value{}
	for i := range p.out {
		o := &p.out[i]
		if o.Reason != "" {
			continue
		}
		first, ok := values[p.creds[i].Name]
		if !ok {
			values[p.creds[i].Name] = o.Value
		} else if !first.Equal(o.Value) {
			p.refuse(i, "its name stands for another value in this cell already")
		}
	}
}
