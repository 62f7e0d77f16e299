// Package detect finds credentials in text.
//
// It works on one text at a time, decoded as a person sees it: without JSON
// escapes, ANSI codes or HTML entities. [Detector.Find] reports each
// credential once, at the exact bytes it occupies, so that a caller can
// replace them; of several explanations of the same bytes the most specific
// one is reported.
//
// How it works: one automaton walks the text, each byte once, and stops at
// some hundred literals (prefilter.go). What stands around a literal is then
// read by one of a few hand-written readers: a token's own shape (shape.go), a
// name and the value given to it (name.go, assign.go, spaced.go, idiom.go,
// value.go, encoded.go), lists of them (list.go, table.go), a URL (url.go), an HTTP
// authorization (scheme.go), a call or a command line that takes a credential
// (call.go, opencall.go, pairs.go, command.go), literals that are concatenated (joined.go) or a private
// key (pem.go). Whether a value can be a credential at all is decided in one
// place (plausible.go), of which kind it is in another (judge.go). The kinds are
// a table, a file for each group (rules_*.go).
//
// The time is linear in the text: every reader is bounded, and those that may
// look far ahead share an allowance in proportion to the text.
//
// It does not verify anything with the issuer, does not read files, knows
// nothing of notebooks, and cannot find a password that nothing around it
// calls one.
package detect

import (
	"slices"
	"sync"

	"github.com/nbseal/nbseal/internal/finding"
)

// Language is what a text is written in.
type Language uint8

// The languages that make a difference. Configuration formats (YAML, INI,
// dotenv, JSON) and cell magics such as %%bash are recognised by content.
const (
	Unknown Language = iota // plain text, outputs, configuration
	Python
	R
	Julia
	SQL
	Shell
	Markdown
)

// code reports whether a bare word after "=" is an expression in l.
func (l Language) code() bool { return l == Python || l == R || l == Julia }

// Input is a text to search.
type Input struct {
	Text     []byte // decoded; not changed, not kept
	Language Language
	Key      string // the text is the value of this name, as in a JSON leaf; otherwise ""
}

// Span is a range of bytes of [Input.Text]; End is exclusive.
type Span struct{ Start, End int }

// Match is one credential.
type Match struct {
	Rule    *Rule
	Parts   []Span // the credential's bytes, in order; several when it is split over adjacent literals
	Name    string // the variable, key, header or parameter it was given to, as written; "" if none
	Preview string // letters every credential of the kind begins with, and "…"; never any of the secret part
	// Partial says that the credential is masked in part, as in "sk-proj-abcd…wxyz".
	Partial bool
}

// Rule is a kind of credential.
type Rule struct {
	ID       string // lower case words joined by "-"; stable
	Title    string // for people, begins with a capital
	Severity finding.Severity
	Revoke   string // URL where the holder revokes it, or ""
	Source   string // URL where the format is documented, or ""

	shapes []string          // forms that stand for themselves; syntax at [shape]
	check  func([]byte) bool // more to ask of what has one of the forms: a checksum, a header

	parsed []*shape // of shapes

	services []string // words that make a credential this kind: in its name, or near it
	values   []string // forms of the whole value under such a name; syntax at [shape]
}

// Detector finds credentials. It is safe for concurrent use.
type Detector struct {
	tables  func() *tables
	scratch sync.Pool
}

// New returns a Detector for the rules of [Rules]. It costs nothing; the
// tables are built at the first Find, once in the life of the program.
func New() *Detector { return &Detector{tables: builtin} }

// Rules returns every kind that can be found, sorted by ID. The rules must not
// be changed.
func Rules() []*Rule { return slices.Clone(builtin().rules) }

// Find calls emit for each credential in the text, in order of position. The
// same input always gives the same matches.
func (d *Detector) Find(in Input, emit func(Match)) {
	s := d.scan()
	s.reset(d.tables(), in, 0)
	s.run()
	for _, m := range s.resolve() {
		emit(m)
	}
	s.release()
	d.scratch.Put(s)
}

// Dull reports whether it is plain at a glance that nothing is found in a text
// of no language: its key is no credential's, and no keyword is in it.
func (d *Detector) Dull(text, key []byte) bool {
	if d.tables().auto.any(text) {
		return false
	}
	s := d.scan()
	defer d.scratch.Put(s)
	return s.kinds.of(key) == kindNone
}

func (d *Detector) scan() *scan {
	if s, ok := d.scratch.Get().(*scan); ok {
		return s
	}
	return &scan{kinds: kinds{}}
}
