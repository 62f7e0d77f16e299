package detect

import (
	"cmp"
	"slices"
)

// scan is the state of one Find.
type scan struct {
	t     *tables
	in    Input
	text  []byte
	depth int // of texts within the text: joined literals, decoded base64

	found occurrences
	cands []candidate
	kinds kinds

	joinedAt  int // where joined was asked last, plus one
	named     int // end of the last name that was read
	called    int // end of the last call that was read
	allowance int // bytes that far-reaching readers may still look at
	layout    layout
	one       [1]Span // the parts of the bare value that is being read
}

// rank orders explanations of the same bytes, the least specific first.
type rank int8

const (
	rankMasked  rank = iota // a credential shown in part
	rankCall                // only the form, in a call
	rankGeneric             // only a name says so
	rankNamed               // a name says so, and of which kind
	rankURL                 // a URL or connection string
	rankShape               // the token speaks for itself
	rankIssued              // a JSON Web Token, and a name says whose
	rankBlock               // a key block, which may contain what looks like others
)

// candidate is a possible match.
type candidate struct {
	rule    *Rule
	rank    rank
	parts   []Span
	name    string
	preview string
	partial bool
}

func (c *candidate) start() int { return c.parts[0].Start }
func (c *candidate) end() int   { return c.parts[len(c.parts)-1].End }

const (
	blockSize = 1 << 16 // bytes the prefilter is ahead of the readers
	maxDepth  = 2
	// allowanceFactor bounds what table and key readers look at, in multiples of the text.
	allowanceFactor = 8
)

// kinds remembers what keys say of their values: most keys of a notebook stand
// in every cell of it.
type kinds map[string]kind

func (m kinds) of(key []byte) kind {
	k, known := m[string(key)]
	if !known {
		if len(m) == 1<<10 {
			clear(m)
		}
		var p split
		k = p.key(string(key))
		m[string(key)] = k
	}
	return k
}

func (s *scan) reset(t *tables, in Input, depth int) {
	*s = scan{t: t, in: in, text: in.Text, depth: depth, found: s.found, cands: s.cands[:0], kinds: s.kinds}
	s.allowance = allowanceFactor*len(in.Text) + 4096
}

// release drops what refers to the caller's text.
func (s *scan) release() {
	clear(s.cands)
	*s = scan{found: s.found, cands: s.cands[:0], kinds: s.kinds}
}

func (s *scan) run() {
	if s.in.Key != "" {
		s.keyed()
	}
	if s.in.Language.code() && s.depth == 0 {
		s.openCalls()
		s.openNames('=')
		s.openNames(':')
	}
	for from := 0; from < len(s.text); from += blockSize {
		to := min(from+blockSize, len(s.text))
		s.t.auto.find(s.text, from, to, &s.found)
		for _, piece := range s.found {
			for _, o := range piece {
				s.read(o)
			}
		}
	}
}

// read runs the readers of the keywords that end at o.
func (s *scan) read(o occurrence) {
	for _, id := range s.t.auto.keywords(o) {
		start := o.end - s.t.auto.length[id]
		for i := range s.t.actions[id] {
			s.t.actions[id][i].read(s, start, o.end)
		}
	}
}

// add records a candidate.
func (s *scan) add(c candidate) {
	c.parts = slices.Clone(c.parts)
	s.cands = append(s.cands, c)
}

// within finds credentials in another text and records them where at says they
// are in this one; at returns nil for what has no place.
func (s *scan) within(text []byte, at func(Span) []Span, name string) {
	if s.depth >= maxDepth || len(text) == 0 {
		return
	}
	sub := new(scan)
	sub.reset(s.t, Input{Text: text, Language: Unknown}, s.depth+1)
	sub.run()
	for _, c := range sub.resolved() {
		var parts []Span
		for _, p := range c.parts {
			parts = append(parts, at(p)...)
		}
		if len(parts) == 0 {
			continue
		}
		c.parts = parts
		c.name = cmp.Or(c.name, name)
		s.add(c)
	}
}

// resolved returns the candidates in order of position, without those that a
// better one overlaps.
func (s *scan) resolved() []candidate {
	slices.SortStableFunc(s.cands, func(a, b candidate) int {
		return cmp.Or(a.start()-b.start(), int(b.rank)-int(a.rank), b.end()-a.end(), cmp.Compare(a.rule.ID, b.rule.ID))
	})
	kept := s.cands[:0]
	for _, c := range s.cands {
		lost := false
		for len(kept) > 0 && kept[len(kept)-1].end() > c.start() {
			last := &kept[len(kept)-1]
			if c.rank <= last.rank {
				last.name = cmp.Or(last.name, c.name)
				lost = true
				break
			}
			c.name = cmp.Or(c.name, last.name)
			kept = kept[:len(kept)-1]
		}
		if !lost {
			kept = append(kept, c)
		}
	}
	return kept
}

func (s *scan) resolve() []Match {
	kept := s.resolved()
	out := make([]Match, 0, len(kept))
	for _, c := range kept {
		out = append(out, Match{Rule: c.rule, Parts: c.parts, Name: c.name, Preview: c.preview, Partial: c.partial})
	}
	return out
}
