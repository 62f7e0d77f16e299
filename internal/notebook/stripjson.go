package notebook

import (
	"slices"
	"strings"
)

// entry is a member of an object with its place, or an element of an array.
type entry struct {
	key   string
	start int // of the key, or of the element
	val   value
}

// top lists the members of the whole file, validating it; none if it is no
// object.
func (p *stripper) top() ([]entry, error) {
	c := &cursor{src: p.src, i: bomLen(p.src)}
	c.space()
	if c.peek() != '{' {
		return nil, Valid(p.src)
	}
	list, err := p.members(c)
	if err == nil {
		err = c.end()
	}
	return list, err
}

// object lists the members of the object that begins at i; none if there is none.
func (p *stripper) object(i int) []entry {
	c := &cursor{src: p.src, i: i}
	if c.peek() != '{' {
		return nil
	}
	list, _ := p.members(c) // validated before
	return list
}

func (p *stripper) members(c *cursor) ([]entry, error) {
	var list []entry
	err := c.members(func(key quoted) error {
		v, err := c.value()
		list = append(list, entry{keyString(p.src, key.value), key.start, v})
		return err
	})
	return list, err
}

// array lists the elements of the array that begins at i; none if there is none.
func (p *stripper) array(i int) []value {
	c := &cursor{src: p.src, i: i}
	if c.peek() != '[' {
		return nil
	}
	var list []value
	_ = c.array(func(int) error {
		v, err := c.value()
		list = append(list, v)
		return err
	})
	return list
}

// set makes text of a value, if it is another.
func (p *stripper) set(v value, text string) {
	if string(p.src[v.start:v.end]) != text {
		p.out.Splices = append(p.out.Splices, Splice{v.start, v.end, text})
	}
}

// remove takes those entries that are gone out of the object or array v, with
// the comma and the white space that belong to each. Without any left it is "{}"
// or "[]", as Jupyter writes it.
func (p *stripper) remove(v value, entries []entry, gone func(entry) bool) {
	for i := 0; i < len(entries); {
		n := i
		for n < len(entries) && gone(entries[n]) {
			n++
		}
		switch {
		case n == i:
		case i == 0 && n == len(entries):
			p.cut(v.start+1, v.end-1)
		case i == 0:
			p.cut(entries[0].start, entries[n].start)
		default:
			p.cut(entries[i-1].val.end, entries[n-1].val.end)
		}
		i = n + 1
	}
}

func (p *stripper) cut(start, end int) {
	p.out.Splices = append(p.out.Splices, Splice{start, end, ""})
}

// removeKeys removes keys, each of one part or of several joined by dots, from
// the object v, but for members that stay. A key that holds dots itself is tried
// first, as nbstripout does.
func (p *stripper) removeKeys(v value, keys []string, stays func(entry) bool) {
	if len(keys) == 0 {
		return
	}
	entries := p.object(v.start)
	gone := func(e entry) bool { return slices.Contains(keys, e.key) && !stays(e) }
	p.remove(v, entries, gone)
	for _, e := range entries {
		if gone(e) {
			continue
		}
		var below []string
		for _, k := range keys {
			head, tail, dotted := strings.Cut(k, ".")
			if dotted && head == e.key && !slices.ContainsFunc(entries, func(e entry) bool { return e.key == k }) {
				below = append(below, tail)
			}
		}
		p.removeKeys(e.val, below, func(entry) bool { return false })
	}
}
