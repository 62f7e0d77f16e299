// Package ruleset reads rules that users write and finds what they describe.
//
// It takes two formats, told apart by their keys: nbseal's own, specified in
// docs/spec/rules.md, and that of gitleaks
// (https://github.com/gitleaks/gitleaks#configuration). What it does not take
// over from the latter is listed in [Set.Notes], never passed over in silence.
//
// A rule that cannot be used is an error with file, line and column. Errors and
// notes name rules and keys but quote no other text: examples and allow lists
// may well hold credentials.
//
// Regular expressions are those of package regexp, whose time is linear in the
// text. Find is linear for rules with keywords whose matches have a bounded
// length; for others a text of n bytes with m matches can take n·m steps, where
// m is bounded by [MaxMatches].
//
// It does not read files by itself and knows nothing of notebooks: a text is
// searched as it is given.
package ruleset

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/nbseal/nbseal/internal/finding"
)

// Bounds of what is read.
const (
	MaxSize  = 1 << 20 // of a file, in bytes
	MaxRules = 10_000  // in a file and those that it extends
)

// MaxMatches is how many matches of one rule are looked at in one text, or in
// one stretch of it around keywords.
const MaxMatches = 10_000

// Rule is a kind of credential that a user described.
type Rule struct {
	ID       string
	Title    string // for people; the ID when the user gave none
	Severity finding.Severity
	Revoke   string   // an http or https URL, or ""
	Tags     []string // of gitleaks' format

	pattern    *pattern // nil: the path alone is what it looks for
	group      int      // of the secret; 0: the first that is not empty, or else all
	keywords   []string // in lower case
	entropy    float64  // the secret's must be greater, in bits; 0: any
	minLength  int      // of the secret, in bytes
	maxLength  int      // 0: any
	path       *pattern // nil: any
	allow      []*allow
	silent     bool // it is there for other rules only
	windowed   bool // windows of reach bytes around keywords have all matches
	reach      int
	at         place
	overridden bool // another rule of the same id took its place
}

// Span is a range of bytes of a text; End is exclusive.
type Span struct{ Start, End int }

// Match is one credential.
type Match struct {
	Rule   *Rule
	Secret Span // what the rule calls the secret
	Whole  Span // all that its regular expression matched
}

// Set is the rules of one file and of those that it extends. It does not change
// and is safe for concurrent use.
type Set struct {
	rules      []*Rule // by ID
	files      []*Rule // those that a path alone matches
	always     []*Rule // those without keywords
	keywords   *keywords
	byKeyword  [][]int32 // indices of rules
	allow      []*allow  // for every rule, nbseal's own too
	targeted   map[string][]*allow
	disabled   map[string]bool
	useDefault bool
	notes      []string
	scratch    sync.Pool
}

// Options are what Load needs of others. The zero Options know of no built-in
// rules and read no other file.
type Options struct {
	// Builtin reports whether nbseal has a rule of that ID.
	Builtin func(id string) bool
	// Read returns the content of a file that [extend] names, of which more than
	// MaxSize bytes need not be read. The path is as written.
	Read func(path string) ([]byte, error)
}

// Load reads rules. The name is for errors, which are of the form
// "NAME:LINE:COLUMN: …", counted from 1, the column in bytes. What is wrong with
// a rule begins with `rule "ID": `.
func Load(name string, data []byte, opt Options) (*Set, error) {
	if opt.Builtin == nil {
		opt.Builtin = func(string) bool { return false }
	}
	l := &loader{opt: opt, budget: maxPrograms}
	c, err := l.file(name, data, 0)
	if err != nil {
		return nil, err
	}
	return l.set(c)
}

// Rules returns the rules, sorted by ID. They must not be changed.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// UseDefault reports whether nbseal's own rules are to be used too.
func (s *Set) UseDefault() bool { return s.useDefault }

// Disabled reports whether the built-in rule of that ID is turned off, or
// replaced by one of the set.
func (s *Set) Disabled(id string) bool { return !s.useDefault || s.disabled[id] }

// Notes says for people what in the files has no effect, each with its place.
func (s *Set) Notes() []string { return slices.Clone(s.notes) }

// config is what one file says, and those that it extends.
type config struct {
	rules    []*Rule
	allow    []*allow
	targeted []*allow // with the rules they are for
	disabled []named
	extends  []*Rule // without a regular expression: they add to the built-in rule of that ID
	builtin  bool
}

type named struct {
	id string
	at place
}

type loader struct {
	opt    Options
	notes  []string
	budget int // what programs of regular expressions may still take
}

const (
	maxNotes = 100
	maxDepth = 2 // how far files may extend others, as in gitleaks
)

// note records what has no effect. The last note says that there are more.
func (l *loader) note(at place, format string, args ...any) {
	switch {
	case len(l.notes) < maxNotes-1:
		l.notes = append(l.notes, at.errorf(format, args...).Error())
	case len(l.notes) < maxNotes:
		l.notes = append(l.notes, at.errorf("from here on, more has no effect").Error())
	}
}

func (l *loader) file(name string, data []byte, depth int) (*config, error) {
	src := &source{name: name, data: bytes.TrimPrefix(data, []byte("\ufeff"))}
	if len(data) > MaxSize {
		return nil, place{src, 0}.errorf("it is larger than %d bytes", MaxSize)
	}
	root, err := src.parse()
	if err != nil {
		return nil, err
	}
	ours, theirs := root.first("builtin", "disabled", "rule", "allow"), root.firstFold("extend", "rules", "allowlist", "allowlists")
	switch {
	case ours != nil && theirs != nil:
		return nil, place{src, max(ours.at, theirs.at)}.errorf("keys of nbseal's format and of gitleaks' are mixed")
	case ours != nil:
		return l.own(src, root)
	case theirs != nil:
		return l.gitleaks(src, root, depth)
	}
	return nil, place{src, 0}.errorf("there are no rules: neither [[rule]], as in nbseal's format, nor [[rules]], as in gitleaks'")
}

// set puts together what Find needs.
func (l *loader) set(c *config) (*Set, error) {
	s := &Set{
		allow: c.allow, targeted: map[string][]*allow{}, disabled: map[string]bool{}, useDefault: c.builtin,
	}
	if len(c.rules) > MaxRules {
		return nil, c.rules[MaxRules].at.errorf("there are more than %d rules", MaxRules)
	}
	byID := map[string]*Rule{}
	for _, r := range c.rules {
		byID[r.ID] = r
		if c.builtin && l.opt.Builtin(r.ID) {
			s.disabled[r.ID] = true
		}
	}
	for _, d := range c.disabled {
		if !l.opt.Builtin(d.id) {
			l.note(d.at, "rule %.100q is not one of nbseal's, so there is nothing to disable", d.id)
		}
		s.disabled[d.id] = true
	}
	for _, r := range c.extends {
		if !l.opt.Builtin(r.ID) {
			l.note(r.at, "rule %q is not one of nbseal's, so there is nothing to add to", r.ID)
		}
		if r.entropy > 0 || r.group > 0 || len(r.keywords) > 0 {
			l.note(r.at, "rule %q is nbseal's own: only allow lists can be added to it", r.ID)
		}
		s.targeted[r.ID] = append(s.targeted[r.ID], r.allow...)
	}
	for _, a := range c.targeted {
		for _, id := range a.rules {
			switch r := byID[id]; {
			case r != nil:
				r.allow = append(r.allow, a)
			case c.builtin && l.opt.Builtin(id):
				s.targeted[id] = append(s.targeted[id], a)
			default:
				l.note(a.at, "rule %.100q is not there, so there is nothing to allow for it", id)
			}
		}
	}
	s.index(c.rules)
	s.notes = l.notes
	return s, nil
}

func (s *Set) index(rules []*Rule) {
	s.rules = slices.SortedFunc(slices.Values(rules), func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	numbers := map[string]int{}
	var words []string
	for i, r := range s.rules {
		switch {
		case r.silent:
		case r.pattern == nil:
			s.files = append(s.files, r)
		case len(r.keywords) == 0:
			s.always = append(s.always, r)
		default:
			for _, k := range r.keywords {
				n, ok := numbers[k]
				if !ok {
					n = len(words)
					numbers[k] = n
					words = append(words, k)
					s.byKeyword = append(s.byKeyword, nil)
				}
				s.byKeyword[n] = append(s.byKeyword[n], int32(i))
			}
		}
	}
	s.keywords = newKeywords(words)
}
