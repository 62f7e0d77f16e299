package notebook

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/finding"
)

// Unit is one text as a person sees it, with its place.
type Unit struct {
	Place    *finding.Place // nil for text outside any cell
	Text     []byte         // decoded; it may share memory with the source and must not be changed
	Name     string         // the key this text is the value of, in metadata and JSON; "" otherwise
	CellType string         // for sources: "code", "markdown", "raw"…
	Language string         // for sources: the language's name in lower case; "" when unknown

	nb      *Notebook
	strands []strand
	pieces  []piece // what the strands are made of, once someone asks where a text is
	entries bool    // a list of whole entries, shown on lines of their own
	inFile  bool    // lines and columns are the file's
	runs    []run
	mapped  bool

	last mark // the last position asked for: questions come mostly in order
}

// mark is a known position in a unit's text.
type mark struct{ base, off, line, column int }

// strand is a string, or a list of them, that a unit is made of.
type strand struct {
	text
	output int // which output it is part of
	form   form
	lone   [1]quoted // when it is no list
}

// piece is one JSON string of the source that a unit is made of.
type piece struct {
	src    value // content, without the quotes
	list   int   // number of the list or lone string it belongs to
	inList bool  // it is an element of a list
	output int   // which output it is part of
	first  int   // index of the first piece of that output
	text   int   // where it starts in the unit's text
	form   form
}

// form says what stands between a JSON string's content and the unit's text.
type form uint8

const (
	plainText  form = iota // JSON escapes and ANSI codes
	htmlText               // HTML entities as well
	base64Text             // base64 of the text
	fileText               // the bytes themselves
	logText                // the bytes of a plain file without ANSI codes
)

// formOf is the form of texts of a MIME type.
func formOf(mime string) form {
	if mime == "text/html" {
		return htmlText
	}
	return plainText
}

// run maps a stretch of text to a stretch of source. Runs of equal lengths map
// byte by byte, base64 runs by groups, all others as a whole.
type run struct {
	text, textLen int
	src, srcLen   int
	base64        bool
}

// Span is a range of bytes, the end exclusive.
type Span struct{ Start, End int }

// InText reports whether the unit is of a file that is no JSON: its text is that
// of the file.
func (u *Unit) InText() bool {
	return len(u.pieces) > 0 && (u.pieces[0].form == fileText || u.pieces[0].form == logText)
}

// PlainText returns the unit of a file that is text and no notebook.
func PlainText(src []byte) *Unit {
	u := &Unit{nb: &Notebook{src: src}}
	u.pieces = []piece{{src: value{bomLen(src), len(src)}, form: logText}}
	u.build()
	return u
}

// newUnit returns a unit that has no text yet.
func (nb *Notebook) newUnit(place finding.Place) *Unit {
	if s := nb.scratch; s != nil {
		s.place = place
		s.unit = Unit{Place: &s.place, nb: nb, strands: s.strands[:0]}
		return &s.unit
	}
	own := place // so that only here it is put on the heap
	return &Unit{Place: &own, nb: nb}
}

func (nb *Notebook) textUnit(t text, place finding.Place, entries bool) *Unit {
	u := nb.newUnit(place)
	u.entries = entries
	u.add(t, place.Output)
	u.build()
	return u
}

func (nb *Notebook) stringUnit(v quoted, place finding.Place) *Unit {
	return nb.textUnit(text{val: v.value, slash: v.slash}, place, false)
}

func (nb *Notebook) attachmentUnit(v quoted, place finding.Place) *Unit {
	u := nb.newUnit(place)
	u.add(text{val: v.value, slash: v.slash}, 0)
	if _, ok := decodeBase64(nil, v.content(nb.src)); ok {
		u.strands[0].form = base64Text
	}
	u.build()
	return u
}

// add appends a text. Of a list with other elements than strings, these have been
// ruled out or are of no interest as text.
func (u *Unit) add(t text, output int) {
	f := plainText
	if u.Place != nil {
		f = formOf(u.Place.MIME)
	}
	u.strands = append(u.strands, strand{text: t, output: output, form: f})
}

// strings are those of a strand, and whether they are a list.
func (u *Unit) strings(s *strand) (list []quoted, inList bool) {
	if u.nb.src[s.val.start] == '[' {
		return u.nb.strings[s.from:s.to], true
	}
	s.lone[0] = quoted{s.val, s.slash}
	return s.lone[:], false
}

// build sets Text. What stands in the way of a unit of a file that is no JSON are
// its pieces, which are known; those of others are made when they are asked for.
func (u *Unit) build() {
	scratch := u.nb.scratch
	if scratch != nil {
		scratch.strands = u.strands
	}
	if text, ok := u.verbatim(); ok {
		u.Text = text[:len(text):len(text)]
		return
	}
	size := 0
	for _, p := range u.pieces {
		size += p.src.end - p.src.start + 1
	}
	for _, s := range u.strands {
		size += s.val.end - s.val.start
	}
	d := decoder{src: u.nb.src}
	if scratch != nil {
		d.out = scratch.text[:0]
	}
	d.out = slices.Grow(d.out, size)
	u.decode(&d)
	for k := range u.strands {
		u.decodeStrand(&d, &u.strands[k])
	}
	u.Text = d.out
	if scratch != nil {
		scratch.text = d.out
	}
}

// verbatim is the text of a unit that the source holds as it is.
func (u *Unit) verbatim() (text []byte, ok bool) {
	var p piece
	switch {
	case len(u.pieces) == 1:
		p = u.pieces[0]
	case len(u.strands) == 1:
		list, _ := u.strings(&u.strands[0])
		if len(list) != 1 || !list[0].isVerbatim() {
			return nil, false
		}
		p = piece{src: value{list[0].start + 1, list[0].end - 1}, form: u.strands[0].form}
	default:
		return nil, false
	}
	return u.nb.src[p.src.start:p.src.end], p.isVerbatim(u.nb.src)
}

// decodeStrand writes the text of a strand to d, which makes no map.
func (u *Unit) decodeStrand(d *decoder, s *strand) {
	list, _ := u.strings(s)
	for k, q := range list {
		if k > 0 && u.entries {
			d.out = append(d.out, '\n')
		}
		d.quoted(q, s.form)
	}
}

// chart makes the unit's map, and the pieces of its strands.
func (u *Unit) chart() {
	if u.mapped {
		return
	}
	u.mapped = true
	if scratch := u.nb.scratch; scratch != nil && len(u.strands) > 0 {
		u.pieces = scratch.pieces[:0]
		defer func() { scratch.pieces = u.pieces }()
	}
	first := 0
	for n := range u.strands {
		s := &u.strands[n]
		list, inList := u.strings(s)
		if n > 0 && u.strands[n-1].output != s.output {
			first = len(u.pieces)
		}
		u.pieces = slices.Grow(u.pieces, len(list))
		for _, q := range list {
			u.pieces = append(u.pieces, piece{
				src: value{q.start + 1, q.end - 1}, list: n, inList: inList, output: s.output, first: first, form: s.form,
			})
		}
	}
	d := decoder{src: u.nb.src, out: make([]byte, 0, len(u.Text)), mapping: true}
	u.decode(&d)
	u.runs = d.runs
}

// decode writes the text of the pieces, and with d.mapping its map, to d.
func (u *Unit) decode(d *decoder) {
	for k := range u.pieces {
		p := &u.pieces[k]
		if k > 0 && u.entries && u.pieces[k-1].list == p.list {
			d.atom('\n', p.src.start-1, 0)
		}
		p.text = len(d.out)
		d.piece(p)
	}
}

// Spans returns the bytes of the source that hold Text[start:end], in order,
// adjacent ones joined.
func (u *Unit) Spans(start, end int) []Span {
	u.chart()
	var out []Span
	first := sort.Search(len(u.runs), func(i int) bool { return u.runs[i].text+u.runs[i].textLen > start })
	for _, r := range u.runs[first:] {
		if r.text >= end {
			break
		}
		s := r.span(max(start-r.text, 0), min(end-r.text, r.textLen))
		if s.Start == s.End {
			continue
		}
		if n := len(out); n > 0 && out[n-1].End == s.Start {
			out[n-1].End = s.End
		} else {
			out = append(out, s)
		}
	}
	return out
}

// span is the source of bytes [a, b) of the run's text.
func (r run) span(a, b int) Span {
	switch {
	case r.base64:
		return Span{r.src + a/3*4, min(r.src+(b+2)/3*4, r.src+r.srcLen)}
	case r.textLen == r.srcLen:
		return Span{r.src + a, r.src + b}
	}
	return Span{r.src, r.src + r.srcLen}
}

// Locate returns where Text[start:end] is, without the path.
func (u *Unit) Locate(start, end int) finding.Location {
	var loc finding.Location
	if u.chart(); len(u.pieces) == 0 { // an empty list of strings
		loc.Place, loc.Line, loc.Column, loc.EndLine, loc.EndColumn = u.Place, 1, 1, 1, 1
		return loc
	}
	output := u.outputAt(start)
	loc.Line, loc.Column = u.position(start, output)
	loc.EndLine, loc.EndColumn = u.position(end, output)
	if u.Place != nil {
		p := *u.Place
		if u.pieces[output].output > 0 {
			p.Output = u.pieces[output].output
		}
		loc.Place = &p
	}
	if spans := u.Spans(start, end); len(spans) > 0 {
		loc.Offset = spans[0].Start
		loc.Length = spans[len(spans)-1].End - loc.Offset
		loc.FileLine, loc.FileColumn = u.nb.lines.position(u.nb.src, loc.Offset)
		if u.inFile {
			end := loc.Offset + loc.Length
			loc.Line, loc.Column = loc.FileLine, u.nb.lines.column(u.nb.src, loc.Offset, loc.FileColumn)
			line, column := u.nb.lines.position(u.nb.src, end)
			loc.EndLine, loc.EndColumn = line, u.nb.lines.column(u.nb.src, end, column)
		}
	}
	return loc
}

// OneLine reports whether the text, whatever lines it shows, stands in one line
// of its file, whose number Locate gives.
func (u *Unit) OneLine() bool { return u.inFile && len(u.strands) == 1 }

// outputAt returns the index of the first piece of the output that shows off.
func (u *Unit) outputAt(off int) int {
	return u.pieces[u.pieceAt(off)].first
}

// position is line and column of off, counted from the given piece's start.
func (u *Unit) position(off, from int) (line, column int) {
	base := u.pieces[from].text
	m := &u.last
	if m.line == 0 || off < m.off || base != m.base {
		*m = mark{base: base, off: base, line: 1, column: 1}
	}
	between := u.Text[m.off:off]
	m.line += bytes.Count(between, []byte{'\n'})
	if k := bytes.LastIndexByte(between, '\n'); k >= 0 {
		between, m.column = between[k+1:], 1
	}
	// From the last mark on, not from the line's start: many questions about one
	// long line must not take quadratic time.
	m.column += utf8.RuneCount(between)
	m.off = off
	return m.line, m.column
}

// lineIndex finds lines in the source; it is made at the first question.
type lineIndex struct {
	made   bool
	starts []int // offset of each line but the first

	last mark // the last column that was counted
}

// column counts code points in the line of off, whose column in bytes is given;
// a byte order mark is none of them.
// As in Unit.position, the last answer shortens the next one.
func (x *lineIndex) column(src []byte, off, bytes int) int {
	if base := max(off-bytes+1, bomLen(src)); x.last.line == 0 || x.last.base != base || off < x.last.off {
		x.last = mark{base: base, off: base, line: 1, column: 1}
	}
	off = max(off, x.last.off)
	x.last.column += utf8.RuneCount(src[x.last.off:off])
	x.last.off = off
	return x.last.column
}

func (x *lineIndex) position(src []byte, off int) (line, column int) {
	if !x.made {
		x.made = true
		for i := 0; ; {
			k := bytes.IndexByte(src[i:], '\n')
			if k < 0 {
				break
			}
			i += k + 1
			x.starts = append(x.starts, i)
		}
	}
	n := sort.SearchInts(x.starts, off+1)
	if n == 0 {
		return 1, off + 1
	}
	return n + 1, off - x.starts[n-1] + 1
}
