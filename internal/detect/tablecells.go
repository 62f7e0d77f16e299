package detect

import "bytes"

// gaps is where a heading stands in a line whose cells have gaps of two blanks
// between them. Columns do not line up where they are centred, and in bytes where
// a letter takes more than one.
type gaps struct {
	before, all int  // cells before the heading, and all of them
	numbered    bool // rows may begin with their number
}

// gapsOf is of the heading at [left,right), which is a cell of its own.
func gapsOf(heading []byte, left, right int) gaps {
	before, all, _, _ := gapCells(heading, left, -1)
	if _, _, from, to := gapCells(heading, 0, before); from != left || to != right {
		return gaps{}
	}
	return gaps{before, all, heading[0] == ' '}
}

// cell returns the cell of a row below the heading, if the row has as many
// cells.
func (g gaps) cell(row []byte) (from, to int, ok bool) {
	n := g.before
	switch _, all, _, _ := gapCells(row, 0, -1); {
	case g.all == 0:
		return 0, 0, false
	case all == g.all+1 && g.numbered:
		n++
	case all != g.all:
		return 0, 0, false
	}
	_, _, from, to = gapCells(row, 0, n)
	return from, to, to > from
}

// gapCells counts the cells of a line, all of them and those that end at or
// before at; from and to are of the one with that number, from 0.
func gapCells(line []byte, at, number int) (before, all, from, to int) {
	for i := 0; i < len(line); {
		if is(line[i], space) {
			i++
			continue
		}
		end := i
		for end < len(line) && (!is(line[end], space) || line[end] == ' ' && end+1 < len(line) && !is(line[end+1], space)) {
			end++
		}
		if all == number {
			from, to = i, end
		}
		all++
		if end <= at {
			before++
		}
		i = end
	}
	return before, all, from, to
}

// fields is where a heading stands among those of one word each.
type fields struct {
	before, all int
	numbered    bool
}

// fieldsOf is of the heading at [left,right), when all headings are names.
func fieldsOf(heading []byte, left, right int) fields {
	f := fields{numbered: bytes.HasPrefix(heading, []byte("  "))}
	for i := 0; i < len(heading); {
		if is(heading[i], space) {
			i++
			continue
		}
		end := run(heading, i, len(heading), word|dot)
		if end == i || end < len(heading) && !is(heading[end], space) || !is(heading[i], letter|under) {
			return fields{}
		}
		if end <= left {
			f.before++
		}
		f.all++
		i = end
	}
	return f
}

// cell returns the word of a row below the heading, if the row has as many
// words as there are headings, and perhaps its number before them.
func (f fields) cell(row []byte) (from, to int, ok bool) {
	n := len(bytes.Fields(row))
	skip := f.before
	switch {
	case f.all < 2:
		return 0, 0, false
	case f.numbered && n == f.all+1:
		skip++
	case n != f.all:
		return 0, 0, false
	}
	for i := 0; ; skip-- {
		i = run(row, i, len(row), space)
		end := i
		for end < len(row) && !is(row[end], space) {
			end++
		}
		if skip == 0 {
			return i, end, true
		}
		i = end
	}
}
