package ruleset

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// pattern is a regular expression.
type pattern struct{ re *regexp.Regexp }

func (p *pattern) matches(text []byte) bool     { return p != nil && p.re.Match(text) }
func (p *pattern) matchesPath(path string) bool { return p != nil && p.re.MatchString(path) }

// Bounds of what regular expressions may cost, in about instructions of their
// programs. gitleaks' 222 own rules take at most 3,100, and 79,000 together.
const (
	maxProgram  = 100_000
	maxPrograms = 2_000_000
)

var errTooLarge = errors.New("the regular expression is too large when its repetitions are written out")

// compile compiles a user's regular expression. Errors do not quote it.
func (l *loader) compile(text string) (*pattern, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, describeSyntax(err)
	}
	size := cost(tree)
	if size > maxProgram {
		return nil, errTooLarge
	}
	if l.budget -= size; l.budget < 0 {
		return nil, errors.New("the regular expressions of all rules together are too large")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, describeSyntax(err)
	}
	return &pattern{re}, nil
}

// compileAt is compile for a string of a document.
func (l *loader) compileAt(f *fields, name string, at int, text string) *pattern {
	if f.err != nil {
		return nil
	}
	p, err := l.compile(text)
	if err != nil {
		f.fail(at, "%s: %w", name, err)
	}
	return p
}

// describeSyntax says what is wrong with a regular expression.
func describeSyntax(err error) error {
	var e *syntax.Error
	switch {
	case !errors.As(err, &e):
		return errors.New("the regular expression is not valid")
	case e.Code == syntax.ErrInvalidPerlOp:
		return errors.New("the regular expression uses what RE2 does not have: lookaround, backreferences and atomic groups are not supported")
	case e.Code == syntax.ErrInvalidEscape:
		return errors.New("the regular expression has an escape that RE2 does not have; backreferences are not supported")
	}
	return errors.New("the regular expression is not valid: " + e.Code.String())
}

// cost estimates the size of a program. It stops growing beyond maxProgram.
func cost(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass:
		n = 1 + len(re.Rune)/8
	}
	for _, sub := range re.Sub {
		n = min(n+cost(sub), maxProgram+1)
	}
	if re.Op == syntax.OpRepeat {
		n = min(n*max(re.Min, re.Max, 1), maxProgram+1)
	}
	return n
}
