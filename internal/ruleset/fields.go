package ruleset

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2/unstable"
)

// fields reads the keys of a table. The first error stays; after it, everything
// is empty.
type fields struct {
	src  *source
	n    *node
	of   string // what errors begin with: `rule "ID": `, or ""
	fold bool   // keys are without regard to case, as in gitleaks
	used []bool
	err  error
}

func newFields(src *source, n *node, of string, fold bool) *fields {
	return &fields{src: src, n: n, of: of, fold: fold, used: make([]bool, len(n.keys))}
}

// fail records an error at an offset.
func (f *fields) fail(at int, format string, args ...any) {
	if f.err == nil {
		f.err = place{f.src, at}.errorf("%s%w", f.of, fmt.Errorf(format, args...))
	}
}

// take returns the value of a key, nil if there is none, and that the key is
// known.
func (f *fields) take(name string) *node {
	var found *node
	for i, k := range f.n.keys {
		if k.name != name && !(f.fold && strings.EqualFold(k.name, name)) {
			continue
		}
		if found != nil {
			f.fail(k.at, "%w", errTwice)
		}
		f.used[i] = true
		found = k.value
	}
	if f.err != nil {
		return nil
	}
	return found
}

// rest calls do with the keys that nobody took.
func (f *fields) rest(do func(k key)) {
	for i, k := range f.n.keys {
		if !f.used[i] {
			do(k)
		}
	}
}

// unknown fails for every key that nobody took.
func (f *fields) unknown() {
	f.rest(func(k key) { f.fail(k.at, "unknown key") })
}

// text returns a string and where it is.
func (f *fields) text(name string) (string, int) {
	v := f.take(name)
	if v == nil {
		return "", f.n.at
	}
	if v.kind != unstable.String {
		f.fail(v.at, "%s: expected a string", name)
		return "", v.at
	}
	return v.text, v.at
}

// shown returns a string that is shown to people: one line, at most 200 bytes.
func (f *fields) shown(name string) string {
	s, at := f.text(name)
	if len(s) > maxShown || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		f.fail(at, "%s: expected one line of at most %d bytes, without control characters", name, maxShown)
		return ""
	}
	return s
}

const maxShown = 200

// link returns a URL that may be followed from a report.
func (f *fields) link(name string) string {
	s, at := f.text(name)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsFunc(s, unicode.IsSpace) {
		f.fail(at, "%s: expected an address that begins with https://", name)
		return ""
	}
	return s
}

// texts returns the strings of an array, none of them empty.
func (f *fields) texts(name string) []*node {
	v := f.take(name)
	if v == nil {
		return nil
	}
	if v.kind != unstable.Array {
		f.fail(v.at, "%s: expected an array of strings", name)
		return nil
	}
	for _, item := range v.items {
		if item.kind != unstable.String {
			f.fail(item.at, "%s: expected a string", name)
			return nil
		}
		if item.text == "" {
			f.fail(item.at, "%s: a string is empty", name)
			return nil
		}
	}
	return v.items
}

// lower returns the strings of an array in lower case.
func (f *fields) lower(name string) []string {
	var out []string
	for _, n := range f.texts(name) {
		out = append(out, strings.ToLower(n.text))
	}
	return out
}

// keywords returns the strings of an array for the prefilter.
func (f *fields) keywords(name string) []string {
	var out []string
	for _, n := range f.texts(name) {
		if len(n.text) > maxKeyword {
			f.fail(n.at, "%s: a keyword is longer than %d bytes", name, maxKeyword)
			return nil
		}
		out = append(out, foldASCII(n.text))
	}
	return out
}

// count returns an integer from 0 on.
func (f *fields) count(name string) int {
	v := f.take(name)
	if v == nil {
		return 0
	}
	n, ok := v.number()
	if !ok || n < 0 || n > math.MaxInt32 || n != math.Trunc(n) {
		f.fail(v.at, "%s: expected an integer that is not negative", name)
		return 0
	}
	return int(n)
}

// entropy returns a number of bits, from 0 to 8.
func (f *fields) entropy(name string) float64 {
	v := f.take(name)
	if v == nil {
		return 0
	}
	n, ok := v.number()
	if !ok || n < 0 || n > 8 {
		f.fail(v.at, "%s: expected a number from 0 to 8", name)
		return 0
	}
	return n
}

// flag returns true or false, and whether the key is there.
func (f *fields) flag(name string) (on, there bool) {
	v := f.take(name)
	if v == nil {
		return false, false
	}
	if v.kind != unstable.Bool {
		f.fail(v.at, "%s: expected true or false", name)
		return false, false
	}
	return v.text == "true", true
}

// tables returns the tables of an array; with one, a table stands for an array
// of one.
func (f *fields) tables(name string, one bool) []*node {
	v := f.take(name)
	switch {
	case v == nil:
		return nil
	case one && v.kind == unstable.Table:
		return []*node{v}
	case v.kind != unstable.Array:
		f.fail(v.at, "%s: expected an array of tables, as [[…]]", name)
		return nil
	}
	for _, item := range v.items {
		if item.kind != unstable.Table {
			f.fail(item.at, "%s: expected a table", name)
			return nil
		}
	}
	return v.items
}
