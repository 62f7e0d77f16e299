package detect

import "bytes"

const (
	maxTable     = 8192 // bytes below a heading that are read
	maxTableRows = 50
)

// table handles a name without a value of its own: it may head a column.
func (s *scan) table(from, to int) {
	if s.in.Language != Unknown && s.in.Language != Markdown && (s.place(from) != inConfig || s.layout.triple == "" && s.layout.code) {
		return // program code, outside of the texts in it
	}
	var p split
	p.parse(s.text[from:to])
	if p.n == 0 {
		return
	}
	k := p.classify()
	if k == kindNone || verdict(s.text[from:to]) && !s.accounts(from) {
		return
	}
	s.column(&p, k, from, to)
}

// column judges what is below the heading at [from,to).
func (s *scan) column(p *split, k kind, from, to int) {
	html := bytes.HasPrefix(s.text[to:], []byte("</th>"))
	stop := min(len(s.text), to+maxTable)
	if s.allowance -= stop - to; s.allowance < 0 {
		return
	}
	if html {
		s.htmlColumn(p, k, from, to, stop)
		return
	}
	s.textColumn(p, k, from, to, stop)
}

// verdict reports whether a heading is "pass", which is of tests rather than
// of accounts.
func verdict(name []byte) bool { return lowered(string(name)) == "pass" }

// accounts reports whether the line of i, or the heading before it, speaks of users.
func (s *scan) accounts(i int) bool {
	from := max(s.lineStart(i), i-200)
	if s.in.Language.code() {
		from = max(0, i-200) // a file that a program writes
	}
	head := bytes.ToLower(s.text[from:i])
	return bytes.Contains(head, []byte("user")) || bytes.Contains(head, []byte("login")) || bytes.Contains(head, []byte("mail")) || bytes.Contains(head, []byte("host"))
}

// cell judges one cell of a column.
func (s *scan) cell(p *split, k kind, name []byte, from, to int) {
	for from < to && (is(s.text[from], space) || s.text[from] == '`' || s.text[from] == '"' || s.text[from] == '\'') {
		from++
	}
	for to > from && (is(s.text[to-1], space) || s.text[to-1] == '`' || s.text[to-1] == '"' || s.text[to-1] == '\'') {
		to--
	}
	if to-from < 6 || to-from > 400 || bytes.HasSuffix(s.text[from:to], []byte("...")) {
		return
	}
	s.weigh(p, k, name, value{parts: []Span{{from, to}}, text: s.text[from:to], quoted: true}, opTag)
}

// htmlColumn reads the cells below a <th>.
func (s *scan) htmlColumn(p *split, k kind, from, to, stop int) {
	// The heading's number, among the cells of its row.
	head := s.text[max(0, from-4096):from]
	if i := bytes.LastIndex(head, []byte("<tr")); i >= 0 {
		head = head[i:]
	}
	column := bytes.Count(head, []byte("<th>")) + bytes.Count(head, []byte("<th "))
	name := s.text[from:to]
	at := to
	for range maxTableRows {
		row := bytes.Index(s.text[at:stop], []byte("<tr"))
		if row < 0 {
			return
		}
		at += row + 3
		end := bytes.Index(s.text[at:stop], []byte("</tr>"))
		if end < 0 {
			end = stop - at
		}
		if a, b, ok := htmlCell(s.text[at:at+end], column); ok {
			s.cell(p, k, name, at+a, at+b)
		}
		at += end
	}
}

// htmlCell returns where the text of a row's n-th cell is, from 1.
func htmlCell(row []byte, n int) (from, to int, ok bool) {
	at := 0
	for ; n > 0; n-- {
		i := bytes.Index(row[at:], []byte("<t"))
		if i < 0 {
			return 0, 0, false
		}
		if next := at + i + 2; next < len(row) && row[next] != 'd' && row[next] != 'h' {
			at, n = next, n+1
			continue
		}
		gt := bytes.IndexByte(row[at+i:], '>')
		if gt < 0 {
			return 0, 0, false
		}
		at += i + gt + 1
	}
	end := bytes.Index(row[at:], []byte("</t"))
	if end < 0 {
		return 0, 0, false
	}
	return at, at + end, true
}

// textColumn reads the words below a heading in plain text: those that end
// where it ends, begin where it begins, or stand in the same column of a table
// drawn with "|" or with gaps.
func (s *scan) textColumn(p *split, k kind, from, to, stop int) {
	line := s.lineStart(from)
	for _, q := range []string{`"""`, "'''"} {
		if i := bytes.LastIndex(s.text[line:from], []byte(q)); i >= 0 {
			line += i + len(q) // the table begins behind a quotation mark
		}
	}
	left, right := from-line, to-line
	nl := bytes.IndexByte(s.text[to:stop], '\n')
	if nl < 0 {
		return
	}
	heading := unboxed(s.text[line : to+nl])
	mark := divider(heading, left, right)
	if mark == '|' && bytes.Count(heading, []byte{mark}) == 1 && bytes.Contains(bytes.TrimSpace(heading[bytes.IndexByte(heading, mark)+1:]), []byte("  ")) {
		mark = 0 // between the numbers of rows and the columns
	}
	bars := 0
	switch {
	case mark != 0:
		if s.rowAbove(line, mark, heading) {
			return
		}
		bars = bytes.Count(heading[:left], []byte{mark})
	case !columns(heading) || !heads(heading, left, right):
		return
	}
	alone := mark == 0 && len(bytes.TrimSpace(heading)) == to-from
	name, below, single := s.text[from:to], gapsOf(heading, left, right), fieldsOf(heading, left, right)
	at := to + nl + 1
	for range maxTableRows {
		end := bytes.IndexByte(s.text[at:stop], '\n')
		if end < 0 {
			end = stop - at
		}
		row := unboxed(s.text[at : at+end])
		if len(bytes.TrimSpace(row)) == 0 {
			return
		}
		if mark != 0 {
			if a, b, ok := barCell(row, mark, bars); ok {
				s.cell(p, k, name, at+a, at+b)
			} else if !bytes.ContainsAny(row, "+|") && len(bytes.Trim(row, "-")) > 0 && (mark != '&' || len(row) == 0 || row[0] != '\\') {
				return
			}
		} else {
			a, b, ok := wordAt(row, left, right)
			if !ok {
				a, b, ok = below.cell(row)
			}
			if !ok {
				a, b, ok = single.cell(row)
			}
			if ok && (!alone || len(bytes.TrimSpace(row[:a])) > 0) {
				s.cell(p, k, name, at+a, at+b)
			}
		}
		if at += end + 1; at >= stop {
			return
		}
	}
}

// columns reports whether a line looks like the headings of a table: several
// words with gaps, or one that stands above what has an index. It holds no code
// and no measured values.
func columns(line []byte) bool {
	fields := bytes.Fields(line)
	if len(fields) > 40 || bytes.ContainsAny(line, "={}<>$;\\&") {
		return false
	}
	for _, f := range fields {
		if i := bytes.IndexByte(f, '.'); i > 0 && i+1 < len(f) && is(f[i-1], digit) && is(f[i+1], digit) {
			return false
		}
	}
	body := bytes.TrimSpace(line)
	if bytes.HasPrefix(body, []byte("#")) || bytes.HasPrefix(body, []byte("//")) {
		return false // a comment
	}
	return bytes.Contains(body, []byte("  ")) || len(fields) == 1 && bytes.HasPrefix(line, []byte("  "))
}

// heads reports whether heading[left:right] is a heading by itself, of a few
// words, rather than a word of a sentence.
func heads(heading []byte, left, right int) bool {
	if left > 0 && !is(heading[left-1], space) || right < len(heading) && !is(heading[right], space) {
		return false
	}
	if i := bytes.LastIndex(heading[:left], []byte("  ")); i >= 0 {
		left = i
	} else {
		left = 0
	}
	if i := bytes.Index(heading[right:], []byte("  ")); i >= 0 {
		right += i
	} else {
		right = len(heading)
	}
	return len(bytes.Fields(heading[left:right])) <= 3
}

// rowAbove reports whether the line before the one that begins at line has as
// many marks and is no border: then what looks like a heading is in a row.
func (s *scan) rowAbove(line int, mark byte, heading []byte) bool {
	if line == 0 {
		return false
	}
	above := unboxed(s.text[s.lineStart(line-1) : line-1])
	return bytes.Count(above, []byte{mark}) == bytes.Count(heading, []byte{mark}) && len(bytes.Trim(above, "+-=:| \t\r,;")) > 0
}

// rowEnd ends a row of a table in LaTeX.
const rowEnd = `\\`

// divider returns the character that stands between the headings of a drawn
// or comma-separated table, of which the one at [left,right) touches one; else 0.
func divider(heading []byte, left, right int) byte {
	if bytes.IndexByte(heading, '|') >= 0 && !bytes.Contains(heading, []byte("||")) {
		return '|'
	}
	if bytes.Contains(heading, []byte(" & ")) && bytes.HasSuffix(bytes.TrimSpace(heading), []byte(rowEnd)) {
		return '&'
	}
	for _, mark := range []byte{',', ';', '\t'} {
		before, after := left == 0 || heading[left-1] == mark, right >= len(heading) || heading[right] == mark || heading[right] == '\r'
		if before && after && bytes.IndexByte(heading, mark) >= 0 && all(heading, word|dash|dot|space|punct) && bytes.IndexByte(heading, '(') < 0 {
			return mark
		}
	}
	return 0
}

// barCell returns where the cell after the n-th mark of a row is, without the
// blanks around it.
func barCell(row []byte, mark byte, n int) (from, to int, ok bool) {
	for ; n > 0; n-- {
		i := bytes.IndexByte(row[from:], mark)
		if i < 0 {
			return 0, 0, false
		}
		from += i + 1
	}
	end := bytes.IndexByte(row[from:], mark)
	if end < 0 {
		end = len(bytes.TrimSuffix(bytes.TrimRight(row[from:], " \r"), []byte(rowEnd)))
	}
	to = from + end
	for from < to && row[from] == ' ' {
		from++
	}
	for to > from && row[to-1] == ' ' {
		to--
	}
	return from, to, true
}

// wordAt returns the word of a row that begins at left or ends at right.
func wordAt(row []byte, left, right int) (from, to int, ok bool) {
	for i := 0; i < len(row); {
		if row[i] == ' ' || row[i] == '\t' {
			i++
			continue
		}
		end := i
		for end < len(row) && row[end] != ' ' && row[end] != '\t' {
			end++
		}
		if i == left || end == right {
			return i, end, true
		}
		i = end
	}
	return 0, 0, false
}
