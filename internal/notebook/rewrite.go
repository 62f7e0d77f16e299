package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/nbseal/nbseal/internal/edit"
)

// ErrEncoded says that a text cannot be changed in place, because the file
// holds it in another encoding than JSON strings.
var ErrEncoded = errors.New("the text is stored base64-encoded")

// Change replaces Text[Start:End] of a unit by With.
type Change struct {
	Start, End int
	With       string
}

// Rewrite queues the bytes of changes, which must not overlap, in buf. The
// notebook's form is kept: in a list of lines every line stays an element of its
// own, written as its neighbours are; JSON outside of the changes stays as it is.
func (u *Unit) Rewrite(buf *edit.Buffer, changes []Change) error {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return a.Start - b.Start })
	var cuts []cut
	for i, c := range changes {
		if i > 0 && c.Start < changes[i-1].End {
			return errors.New("the changes overlap")
		}
		more, err := u.cuts(c)
		if err != nil {
			return err
		}
		cuts = append(cuts, more...)
	}
	for len(cuts) > 0 {
		n := 1
		for n < len(cuts) && (cuts[n].piece == cuts[n-1].piece || cuts[n].joined) {
			n++
		}
		u.splice(buf, cuts[:n])
		cuts = cuts[n:]
	}
	return nil
}

// cut is the part of a change that falls into one piece, as source bytes.
type cut struct {
	piece      int
	start, end int
	with       string
	joined     bool // it goes on from the cut before, in the same list
}

// cuts splits a change at the pieces' borders.
func (u *Unit) cuts(c Change) ([]cut, error) {
	if u.chart(); len(u.pieces) == 0 {
		return nil, errors.New("the text is empty")
	}
	var out []cut
	with := c.With
	for k := u.pieceAt(c.Start); k < len(u.pieces); k++ {
		p := u.pieces[k]
		if p.form == base64Text {
			return nil, ErrEncoded
		}
		from, to := max(c.Start, p.text), min(c.End, u.textEnd(k))
		if from > to || (from == to && len(out) > 0) {
			if p.text >= c.End {
				break
			}
			continue
		}
		x := cut{piece: k, with: with, joined: len(out) > 0 && u.pieces[out[len(out)-1].piece].list == p.list && p.inList && !u.entries}
		x.start = u.sourceAt(from, k)
		x.end = x.start
		if spans := u.Spans(from, to); len(spans) > 0 {
			x.start, x.end = spans[0].Start, spans[len(spans)-1].End
		}
		out, with = append(out, x), ""
	}
	return out, nil
}

// pieceAt is the last piece that starts at or before off.
func (u *Unit) pieceAt(off int) int {
	return max(0, sort.Search(len(u.pieces), func(i int) bool { return u.pieces[i].text > off })-1)
}

// textEnd is where the text of piece k ends.
func (u *Unit) textEnd(k int) int {
	if k+1 == len(u.pieces) {
		return len(u.Text)
	}
	end := u.pieces[k+1].text
	if u.entries && u.pieces[k+1].list == u.pieces[k].list {
		end-- // the line break that joins entries belongs to none
	}
	return end
}

// sourceAt is the source offset of the text's offset off, in piece k.
func (u *Unit) sourceAt(off, k int) int {
	if off < u.textEnd(k) {
		if s := u.Spans(off, off+1); len(s) > 0 {
			return s[0].Start
		}
	}
	return u.pieces[k].src.end
}

// splice queues cuts that belong together: they lie in one piece, or in
// adjacent elements of one list that a change runs through.
func (u *Unit) splice(buf *edit.Buffer, cuts []cut) {
	first, last := cuts[0].piece, cuts[len(cuts)-1].piece
	lines := first != last
	for _, c := range cuts {
		lines = lines || strings.Contains(c.with, "\n")
	}
	if !lines || !u.pieces[first].inList || u.entries {
		for _, c := range cuts {
			buf.Replace(c.start, c.end, u.encode(c.with))
		}
		return
	}
	// Lines come or go: write the elements anew, one line each.
	var raw []byte
	for k := first; k <= last; k++ {
		at := u.pieces[k].src.start
		for _, c := range cuts {
			if c.piece == k {
				raw = append(append(raw, u.nb.src[at:c.start]...), u.encode(c.with)...)
				at = c.end
			}
		}
		raw = append(raw, u.nb.src[at:u.pieces[k].src.end]...)
	}
	between := `"` + u.separator(first) + `"`
	buf.Replace(u.pieces[first].src.start, u.pieces[last].src.end, strings.Join(splitLines(raw), between))
}

// separator is what stands between two elements of the list that piece k is in.
func (u *Unit) separator(k int) string {
	src := u.nb.src
	for _, n := range [...]int{k, k - 1} {
		if n >= 0 && n+1 < len(u.pieces) && u.pieces[n].list == u.pieces[n+1].list {
			return string(src[u.pieces[n].src.end+1 : u.pieces[n+1].src.start-1])
		}
	}
	quote := u.pieces[k].src.start - 1
	return "," + string(src[bytes.LastIndexByte(src[:quote], '[')+1:quote])
}

// splitLines cuts the content of a JSON string behind each escaped line feed.
func splitLines(raw []byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			i++
			continue
		}
		r, n := unescape(raw[i:])
		i += n
		if r == '\n' && i < len(raw) {
			out = append(out, string(raw[start:i]))
			start = i
		}
	}
	return append(out, string(raw[start:]))
}

// encode writes text as the inside of the piece's kind of string.
func (u *Unit) encode(text string) string {
	if text == "" || u.pieces[0].form == fileText || u.pieces[0].form == logText {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always encodes
	return string(bytes.TrimSpace(b.Bytes())[1 : b.Len()-2])
}
