package notebook

import (
	"bytes"
	"slices"

	"github.com/nbseal/nbseal/internal/finding"
)

// Document yields the texts of a file that is JSON and no notebook: one value,
// or several one after the other as in JSON lines. Each string that has escapes
// is a unit of its own, with them undone, named by its key. The rest of the file
// is one unit, as it stands: there a value has its neighbours for context. Key
// blocks belong to the rest, because what their neighbours are called tells whose
// they are. Units have no place; their lines and columns are those of the file.
//
// It is not ok, and nothing is yielded, when the file is not JSON, or has no
// escapes and so reads as [PlainText] does. Units are good as with
// [Notebook.Each].
func (s *Scratch) Document(src []byte, yield func(*Unit) bool) (ok bool) {
	values, ok := documentValues(src)
	if !ok {
		return false
	}
	nb := &Notebook{src: src, scratch: s}
	defer func() { s.unit, s.place = Unit{}, finding.Place{} }()
	var rest []piece
	at := 0
	cut := func(_, name string, v quoted) bool {
		text := v.content(src)
		if v.isVerbatim() || bytes.HasPrefix(text, []byte("-----BEGIN ")) {
			return true
		}
		rest = append(rest, piece{src: value{at, v.start + 1}, form: logText})
		at = v.end - 1
		u := nb.stringUnit(v, finding.Place{})
		u.Place, u.Name, u.inFile = nil, name, true
		return yield(u)
	}
	for _, v := range values {
		if !nb.leaves(v, "", "", leafFunc(cut)) {
			return true
		}
	}
	rest = append(rest, piece{src: value{at, len(src)}, form: logText})
	rest[0].src.start = bomLen(src)
	u := &Unit{nb: nb, pieces: slices.Clip(rest), inFile: true}
	u.build()
	yield(u)
	return true
}

// documentValues lists the values of a file of JSON in which there are escapes.
// Only objects and arrays count: a text may begin with a number or a word.
func documentValues(src []byte) (list []value, ok bool) {
	c := &cursor{src: src, i: bomLen(src)}
	if c.space(); c.peek() != '{' && c.peek() != '[' || bytes.IndexByte(src, '\\') < 0 {
		return nil, false
	}
	for c.i < len(src) {
		if c.peek() != '{' && c.peek() != '[' {
			return nil, false
		}
		v, err := c.value()
		if err != nil {
			return nil, false
		}
		list = append(list, v)
		c.space()
	}
	return list, true
}
