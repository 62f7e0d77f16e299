package notebook

import (
	"bytes"
	"strconv"

	"github.com/nbseal/nbseal/internal/finding"
)

// leaves visits each string below v, and each key of 16 bytes or more, with its
// path and the last name on it, until visit returns false.
func (nb *Notebook) leaves(v value, path, name string, to leafVisitor) bool {
	s := nb.scratch
	if s == nil {
		s = new(Scratch)
	}
	w := walker{nb: nb, c: cursor{src: nb.src, i: v.start}, to: to}
	w.path = append(s.path[:0], path...)
	s.name = append(s.name[:0], name...)
	w.walk(label{text: s.name})
	s.path = w.path
	return !w.done
}

// leafVisitor is shown leaves. A dull one is stepped over before its path is made.
type leafVisitor interface {
	dull(name []byte, v quoted) bool
	visit(path, name string, v quoted) bool
}

// leafFunc visits every leaf.
type leafFunc func(path, name string, v quoted) bool

func (leafFunc) dull([]byte, quoted) bool                 { return false }
func (f leafFunc) visit(path, name string, v quoted) bool { return f(path, name, v) }

// leafUnits makes units of leaves at a place.
type leafUnits struct {
	nb    *Notebook
	place finding.Place
	yield func(*Unit) bool
}

func (l *leafUnits) visit(path, name string, v quoted) bool {
	p := l.place
	p.Key = path
	u := l.nb.stringUnit(v, p)
	u.Name = name
	return l.yield(u)
}

// dull reports whether no unit need be made of the string v. What has no name in
// an output may be what the cell's source says it is.
func (l *leafUnits) dull(name []byte, v quoted) bool {
	s := l.nb.scratch
	if s == nil || s.Dull == nil || !v.isVerbatim() || len(name) == 0 && l.place.Where == finding.Output {
		return false
	}
	text := v.content(l.nb.src)
	return (formOf(l.place.MIME) != htmlText || bytes.IndexByte(text, '&') < 0) && s.Dull(text, name)
}

// walker goes through a value that was validated before, so that no errors can
// occur, in one pass however deep it is.
type walker struct {
	nb   *Notebook
	c    cursor
	path []byte // keys and indices joined by ".", cut at maxPath
	to   leafVisitor
	done bool
}

// maxPath bounds the path of a value, in bytes: it is for people to read, and a
// deep value must not take quadratic time.
const maxPath = 256

// label is the name of a value: a part of the path, or else a text.
type label struct {
	from, to int
	text     []byte
}

func (w *walker) walk(name label) {
	c := &w.c
	switch c.peek() {
	case '"':
		if v, err := c.value(); err == nil {
			w.leaf(name, quoted{v, c.slash})
		}
	case '{':
		var called []byte
		_ = c.members(func(key quoted) error {
			called = w.member(key, called, name)
			return nil
		})
	case '[':
		_ = c.array(func(n int) error {
			if b := c.peek(); b != '"' && b != '{' && b != '[' {
				return c.skip()
			}
			length := len(w.path)
			var digits [20]byte
			w.below(strconv.AppendInt(digits[:0], int64(n), 10))
			w.walk(name)
			w.path = w.path[:length]
			return nil
		})
	default:
		_ = c.skip()
	}
}

// leaf visits a string.
func (w *walker) leaf(name label, v quoted) {
	text := name.text
	if name.to > name.from {
		text = w.path[name.from:name.to]
	}
	if w.done || w.to.dull(text, v) {
		return
	}
	path := w.nb.path(w.path)
	if name.to > name.from {
		w.done = !w.to.visit(path, path[name.from:name.to], v)
		return
	}
	w.done = !w.to.visit(path, string(text), v)
}

// member walks the value of a key in an object of a name. What the object has
// called itself so far comes in and goes out.
func (w *walker) member(key quoted, called []byte, object label) []byte {
	c := &w.c
	k := key.content(c.src)
	if !key.isVerbatim() {
		k = []byte(decodeString(c.src, key.value))
	}
	length := len(w.path)
	name := w.below(k)
	switch {
	case isLabel(k) && c.peek() == '"':
		called = peekString(c)
	case len(called) > 0 && isValue(k):
		name = label{text: called} // {"description": "API key", "value": …}: a widget, a setting
	case isValue(k) && c.peek() == '"':
		name = object // {"api_key": {"currentValue": …}}: a parameter
	}
	if key.end-key.start >= 16+2 {
		w.leaf(label{}, key)
	}
	w.walk(name)
	w.path = w.path[:length]
	return called
}

// below puts a key on the path.
func (w *walker) below(key []byte) label {
	// A name's end is what tells; many values may share one.
	tail := key[max(0, len(key)-maxPath):]
	if len(w.path) >= maxPath {
		return label{text: tail}
	}
	if len(w.path) > 0 {
		w.path = append(w.path, '.')
	}
	from := len(w.path)
	w.path = append(w.path, key[:min(len(key), maxPath)]...)
	if len(key) > maxPath {
		return label{text: tail}
	}
	return label{from: from, to: len(w.path)}
}

// isLabel reports whether the value of a key names the "value" beside it.
func isLabel(key []byte) bool {
	switch string(key) {
	case "description", "label", "name", "key", "deepnote_variable_name":
		return true
	}
	return false
}

// isValue reports whether the value of a key is that of the object it is in.
func isValue(key []byte) bool {
	switch string(key) {
	case "value", "currentValue", "defaultValue", "default", "current", "deepnote_variable_value":
		return true
	}
	return false
}

// peekString is the string under the cursor, which stays; nil for a long one.
func peekString(c *cursor) []byte {
	ahead := *c
	v, err := ahead.value()
	switch q := (quoted{v, ahead.slash}); {
	case err != nil || v.end-v.start > maxPath:
		return nil
	case q.isVerbatim():
		return q.content(c.src)
	}
	return []byte(decodeString(c.src, v))
}

// path returns p as a string. Many share one allocation.
func (nb *Notebook) path(p []byte) string {
	if nb.paths.Cap()-nb.paths.Len() < len(p) {
		nb.paths.Reset()
		nb.paths.Grow(max(1<<10, len(p)))
	}
	start := nb.paths.Len()
	nb.paths.Write(p)
	return nb.paths.String()[start:]
}
