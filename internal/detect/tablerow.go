package detect

import "bytes"

// Rows of tables whose first cell is a name: settings and their values.

// valueColumns are headings of the column in which a table of settings has the
// values.
var valueColumns = words("value values wert valor valeur valore val current inhalt")

// valueColumn judges the cell of the row of the name at [from,to), its first
// cell, that is below the heading "value".
func (s *scan) valueColumn(from, to int) {
	const reach = 2048
	if s.in.Language.code() || s.allowance < reach {
		return
	}
	s.allowance -= reach
	line := s.lineStart(from)
	if bytes.IndexByte(s.text[line:from], '<') >= 0 {
		s.htmlValue(from, to)
		return
	}
	end := to + bytes.IndexByte(s.text[to:min(len(s.text), to+reach)], '\n')
	if end < to {
		end = len(s.text)
	}
	row, mark := unboxed(s.text[line:end]), []byte("|")
	if bytes.Count(row, mark) < 2 || len(bytes.Trim(row[:from-line], " |`*")) > 0 {
		return
	}
	above := bytes.TrimSuffix(s.text[max(0, line-reach):line], []byte("\n"))
	for range 2 * maxTableRows {
		i := bytes.LastIndexByte(above, '\n')
		head := unboxed(above[i+1:])
		if at := headed(bytes.Split(head, mark)); at > 0 {
			if a, b, ok := barCell(row, '|', at); ok {
				s.judgeCell(from, to, line+a, line+b)
			}
			return
		}
		if i < 0 || bytes.IndexByte(head, '|') < 0 && len(bytes.Trim(head, "-+= \r")) > 0 {
			return
		}
		above = above[:i]
	}
}

// judgeCell judges a cell as the value of the name at [from,to).
func (s *scan) judgeCell(from, to, a, b int) {
	var p split
	p.parse(s.text[from:to])
	if k := p.classify(); k != kindNone && a >= to {
		s.cell(&p, k, s.text[from:to], a, b)
	}
}

// headed returns the number of the cell that is called "value", or 0.
func headed(cells [][]byte) int {
	for i, c := range cells {
		if c = bytes.Trim(c, " \t\r*"); i > 0 && valueColumns[lowered(string(c))] {
			return i
		}
	}
	return 0
}

// htmlValue is valueColumn in a table of HTML.
func (s *scan) htmlValue(from, to int) {
	const reach = 4096
	head := s.text[max(0, from-reach):from]
	if i := bytes.LastIndex(head, []byte("<table")); i >= 0 {
		head = head[i:]
	}
	row := bytes.LastIndex(head, []byte("<tr"))
	first := bytes.Index(head, []byte("<tr"))
	end := bytes.Index(s.text[to:min(len(s.text), to+reach)], []byte("</tr>"))
	if row <= first || end < 0 {
		return
	}
	var called [][]byte
	for n := 1; n <= 12; n++ {
		a, b, ok := htmlCell(head[first:row], n)
		if !ok {
			break
		}
		called = append(called, head[first+a:first+b])
	}
	at, start := headed(called), from-len(head)+row
	if a, b, ok := htmlCell(s.text[start:to+end], at+1); at > 0 && ok {
		s.judgeCell(from, to, start+a, start+b)
	}
}

// others judges the further cells of the row that the name at [from,to) heads,
// behind the first one, as in a table that was turned.
func (s *scan) others(from, to int, op operator) {
	const reach, most = 1024, 12
	text := s.text
	var p split
	p.parse(text[from:to])
	k := p.classify()
	if k == kindNone || s.allowance < reach || s.in.Language.code() {
		return
	}
	s.allowance -= reach
	line := text[to:min(len(text), to+reach)]
	if op == opTag {
		if !bytes.HasPrefix(line, []byte("</th>")) {
			return
		}
		if end := bytes.Index(line, []byte("</tr>")); end >= 0 {
			line = line[:end]
		}
		for n := 2; n <= most; n++ {
			a, b, ok := htmlCell(line, n)
			if !ok {
				return
			}
			s.cell(&p, k, text[from:to], to+a, to+b)
		}
		return
	}
	if nl := bytes.IndexByte(line, '\n'); nl >= 0 {
		line = line[:nl]
	}
	if _, all, _, _ := gapCells(line, 0, -1); all > most {
		return
	}
	for n := 1; n < most; n++ {
		_, _, a, b := gapCells(line, 0, n)
		if b == 0 {
			return
		}
		s.cell(&p, k, text[from:to], to+a, to+b)
	}
}

// unboxed returns a line without the characters that draw a table, at the same
// length: "|" where cells end, "-" for the rest.
func unboxed(line []byte) []byte {
	const lead = 0xe2 // of U+2500 to U+257F
	if !bytes.Contains(line, []byte{lead, 0x94}) && !bytes.Contains(line, []byte{lead, 0x95}) {
		return line
	}
	line = bytes.Clone(line)
	for i := 0; i+2 < len(line); i++ {
		if line[i] != lead || line[i+1] != 0x94 && line[i+1] != 0x95 {
			continue
		}
		switch string(line[i : i+3]) {
		case "\u2502", "\u2503", "\u2506", "\u2507", "\u250a", "\u250b", "\u2551", "\u254e":
			copy(line[i:], "|  ")
		default:
			copy(line[i:], "---")
		}
	}
	return line
}

// headsRows judges the elements below the name at [from,to) when it is in a list
// of names that other lists follow, as rows of a table: [["user", "password"],
// ["bob", "x"]], {"columns": […], "data": [[…]]}. It reports whether there are
// such rows.
func (s *scan) headsRows(from, to int) bool {
	const reach, most = 4096, 40
	text := s.text
	if s.in.Language.code() || from < 2 || to+1 >= len(text) || (text[from-1] != '"' && text[from-1] != '\'') || text[to] != text[from-1] || text[to+1] != ',' && text[to+1] != ']' {
		return false
	}
	head := text[max(0, from-600):from]
	open := bytes.LastIndexByte(head, '[')
	if s.allowance -= reach; s.allowance < 0 || open < 0 || bytes.IndexByte(head[open:], ']') >= 0 || bytes.ContainsAny(head[open:], ":{(") {
		return false
	}
	before := bytes.Count(head[open:], []byte(","))
	rest := text[:min(len(text), to+reach)]
	i := bytes.IndexByte(rest[to:], ']')
	if i < 0 {
		return false
	}
	i += to + 1
	found := false
	for range most {
		n := bytes.IndexByte(rest[i:min(len(rest), i+40)], '[')
		if n < 0 || bytes.ContainsAny(rest[i:i+n], "{}=(") || found && len(bytes.Trim(rest[i:i+n], ", \n\r\t")) > 0 {
			return found
		}
		i += n + 1
		if i < len(rest) && rest[i] == '[' {
			i++
		}
		a, b, end := elementOf(rest, i, before)
		if end == 0 {
			return found
		}
		if b > a {
			found = true
			s.judgeCell(from, to, a, b)
		}
		i = end
	}
	return found
}

// elementOf returns where the n-th element of the list is whose elements begin
// at i, and where the list ends; 0 when it does not.
func elementOf(text []byte, i, n int) (from, to, end int) {
	for ; i < len(text); n-- {
		i = run(text, i, 80, space)
		a := i
		if _, next, ok := quoteAt(text, i); ok {
			q, _, _ := quoteAt(text, i)
			_, after, ok := q.close(text, next)
			if !ok {
				return 0, 0, 0
			}
			i = after
		} else {
			for i < len(text) && text[i] != ',' && text[i] != ']' && text[i] != '\n' {
				i++
			}
		}
		if n == 0 {
			from, to = a, i
		}
		i = run(text, i, 80, space)
		if i >= len(text) || text[i] != ',' && text[i] != ']' {
			return 0, 0, 0
		}
		if text[i] == ']' {
			return from, to, i + 1
		}
		i++
	}
	return 0, 0, 0
}
