// Package risk finds code in Python cells that will leak a credential when it
// runs: a secret that is printed, logged or displayed, an environment that is
// shown whole, a parameter that papermill writes into the notebook.
//
// What a name holds is followed from assignment to assignment, cell by cell in
// the order of the notebook, as far as plain assignments go. The package knows
// tokens, not the grammar, and no functions or control flow: it errs on the side
// of silence. A call that it does not know is taken to show nothing of its
// arguments, as in print(len(key)).
//
// The time is linear in the source: brackets are matched once, and nesting is
// followed to a bounded depth.
package risk

import (
	"cmp"
	"slices"

	"github.com/nbseal/nbseal/internal/pysource"
)

// Cell is a code cell that Python runs.
type Cell struct {
	Source string
	// Credentials are where the source has hard-coded ones.
	Credentials []pysource.Range
	// Parameters is set for the cell with papermill's tag "parameters".
	Parameters bool
}

// Event is a place that leaks when it runs.
type Event struct {
	Cell       int // index of the cell
	Start, End int // bytes of its source
	Rule       *Rule
	Name       string // the variable or setting that is shown; "" for an environment
}

// Rule is a way to leak.
type Rule struct {
	ID     string
	Title  string
	Advice string // what to do instead, a sentence
}

// The rules.
var (
	printed     = &Rule{"risk-print-secret", "A secret is printed", "Print that it is set, as in print(bool(key)), or nothing."}
	part        = &Rule{"risk-print-part", "A part of a secret is printed", "Print at most its last four letters, or nothing."}
	logged      = &Rule{"risk-log-secret", "A secret is logged", "Log its name, not its value."}
	displayed   = &Rule{"risk-display-secret", "A secret is the last expression of a cell, which is displayed", "End the line with a semicolon, or remove it."}
	environment = &Rule{"risk-show-environment", "The environment, with what secrets it has, is shown", "Show single variables that are not secret."}
	shell       = &Rule{"risk-shell-secret", "A shell command shows a secret", "Test that it is set, as in !test -n \"$KEY\"."}
	parameter   = &Rule{"risk-parameter-secret", "A parameter named like a secret: papermill writes its value into the notebook", "Pass the secret's name, and fetch its value in a later cell."}
)

// Rules returns every rule, sorted by ID.
func Rules() []*Rule {
	all := []*Rule{printed, part, logged, displayed, environment, shell, parameter}
	slices.SortFunc(all, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find returns the places that leak in a notebook's Python cells, in order. A
// cell that cannot be read as Python gives none.
func Find(cells []Cell) []Event {
	f := finder{names: map[string]holds{}}
	for i, c := range cells {
		p, err := pysource.Parse(c.Source)
		if err != nil {
			continue
		}
		f.cell, f.index = &cells[i], i
		before := len(f.events)
		code := newCode(c.Source, p.Tokens)
		f.read(code)
		if len(code.toks) > 0 && code.toks[0].Kind == pysource.Magic && code.toks[0].Escape.Name == "capture" {
			f.events = f.events[:before] // it shows nothing
		}
	}
	slices.SortStableFunc(f.events, func(a, b Event) int {
		return cmp.Or(a.Cell-b.Cell, a.Start-b.Start, a.End-b.End, cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	return slices.CompactFunc(f.events, func(a, b Event) bool { return a.Cell == b.Cell && a.Start == b.Start && a.End == b.End })
}

// holds says what a value is.
type holds uint8

const (
	unknown  holds = iota
	harmless       // something else was assigned
	sealed         // a secret whose repr is masked: of nbseal.get
	secret
	shortPart // a part of a secret that is too short to be of use
	longPart
	environ // os.environ, or something made of its values
)

// value is what an expression shows.
type value struct {
	holds
	name       string
	start, end int // where
}

// finder is the state of one Find.
type finder struct {
	names  map[string]holds
	cell   *Cell
	index  int
	events []Event
}

// report records what v shows, if it is anything. how is the rule for a whole
// secret.
func (f *finder) report(v value, how *Rule) {
	switch v.holds {
	case environ:
		how = environment
	case longPart:
		how = part
	case secret:
	case sealed:
		if how == displayed {
			return
		}
	default:
		return
	}
	f.events = append(f.events, Event{Cell: f.index, Start: v.start, End: v.end, Rule: how, Name: v.name})
}

// code is source with its tokens that matter.
type code struct {
	src   string
	toks  []pysource.Token
	match []int // for an opening bracket, the index of its closing one, or len(toks)
}

func newCode(src string, toks []pysource.Token) *code {
	c := &code{src: src}
	var open []int
	for _, t := range toks {
		switch t.Kind {
		case pysource.Space, pysource.NL, pysource.Comment, pysource.Continuation:
			continue
		case pysource.Op:
			switch src[t.Start] {
			case '(', '[', '{':
				open = append(open, len(c.toks))
			case ')', ']', '}':
				if n := len(open); n > 0 {
					c.match[open[n-1]] = len(c.toks)
					open = open[:n-1]
				}
			}
		}
		c.toks = append(c.toks, t)
		c.match = append(c.match, -1)
	}
	for _, i := range open {
		c.match[i] = len(c.toks)
	}
	return c
}

// text is token i's, "" for strings and outside.
func (c *code) text(i int) string {
	if i < 0 || i >= len(c.toks) || c.toks[i].Kind == pysource.String {
		return ""
	}
	return c.src[c.toks[i].Start:c.toks[i].End]
}

func (c *code) kind(i int) pysource.Kind {
	if i < 0 || i >= len(c.toks) {
		return 0
	}
	return c.toks[i].Kind
}

// skip returns the index after token i, or after the bracket that it opens, at
// most to.
func (c *code) skip(i, to int) int {
	if m := c.match[i]; m >= 0 {
		return min(m+1, to)
	}
	return i + 1
}

// split calls do for each part of [from, to) between separators outside of
// brackets.
func (c *code) split(from, to int, separator string, do func(from, to int)) {
	start := from
	for i := from; i < to; i = c.skip(i, to) {
		if c.text(i) == separator {
			do(start, i)
			start = i + 1
		}
	}
	if start < to {
		do(start, to)
	}
}

// find returns the first of the texts outside of brackets in [from, to), or -1.
func (c *code) find(from, to int, texts ...string) int {
	for i := from; i < to; i = c.skip(i, to) {
		if c.kind(i) != pysource.String && slices.Contains(texts, c.text(i)) {
			return i
		}
	}
	return -1
}
