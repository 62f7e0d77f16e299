package notebook

import (
	"bytes"
	"strconv"
)

// leaves visits each string below v, and each key of 16 bytes or more, with its
// path and the last name on it, until visit returns false.
func (nb *Notebook) leaves(v value, path, name string, visit func(path, name string, v value) bool) bool {
	w := walker{nb: nb, c: cursor{src: nb.src, i: v.start}, visit: visit}
	if nb.scratch != nil {
		w.path = nb.scratch.path[:0]
	}
	w.path = append(w.path, path...)
	w.walk(label{text: name})
	if nb.scratch != nil {
		nb.scratch.path = w.path
	}
	return !w.done
}

// walker goes through a value that was validated before, so that no errors can
// occur, in one pass however deep it is.
type walker struct {
	nb    *Notebook
	c     cursor
	path  []byte // keys and indices joined by ".", cut at maxPath
	visit func(path, name string, v value) bool
	done  bool
}

// maxPath bounds the path of a value, in bytes: it is for people to read, and a
// deep value must not take quadratic time.
const maxPath = 256

// label is the name of a value: a part of the path, or else a text.
type label struct {
	from, to int
	text     string
}

func (w *walker) walk(name label) {
	c := &w.c
	switch c.peek() {
	case '"':
		if v, err := c.value(); err == nil && !w.done {
			path := w.nb.path(w.path)
			text := name.text
			if name.to > name.from {
				text = path[name.from:name.to]
			}
			w.done = !w.visit(path, text, v)
		}
	case '{':
		called := ""
		_ = c.members(func(key value) error {
			called = w.member(key, called)
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

// member walks the value of a key. What the object has called itself so far
// comes in and goes out.
func (w *walker) member(key value, called string) string {
	c := &w.c
	k := c.src[key.start+1 : key.end-1]
	if bytes.IndexByte(k, '\\') >= 0 {
		k = []byte(decodeString(c.src, key))
	}
	length := len(w.path)
	name := w.below(k)
	switch {
	case isLabel(k) && c.peek() == '"':
		called = peekString(c)
	case called != "" && string(k) == "value":
		name = label{text: called} // {"description": "API key", "value": …}: a widget, a setting
	}
	if !w.done && key.end-key.start >= 16+2 {
		w.done = !w.visit(w.nb.path(w.path), "", key)
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
		return label{text: string(tail)}
	}
	if len(w.path) > 0 {
		w.path = append(w.path, '.')
	}
	from := len(w.path)
	w.path = append(w.path, key[:min(len(key), maxPath)]...)
	if len(key) > maxPath {
		return label{text: string(tail)}
	}
	return label{from: from, to: len(w.path)}
}

// isLabel reports whether the value of a key names the "value" beside it.
func isLabel(key []byte) bool {
	switch string(key) {
	case "description", "label", "name", "key":
		return true
	}
	return false
}

// peekString is the string under the cursor, which stays; "" for a long one.
func peekString(c *cursor) string {
	ahead := *c
	if v, err := ahead.value(); err == nil && v.end-v.start <= maxPath {
		return keyString(c.src, v)
	}
	return ""
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
