package detect

import "bytes"

// operator is what stands between a name and its value.
type operator uint8

const (
	opNone     operator = iota
	opAssign            // = := <- => ==
	opColon             // :
	opComma             // a quoted name, then its value as the next argument
	opCall              // name("value")
	opReceiver          // …"name").send_keys("value")
	opSpace             // a command line flag, netrc, a column
	opTag               // <name>value</name>, a cell of a table
	opIs                // prose
	opTargets           // a comma after a name: one of several targets of an assignment
	opNear              // nothing but a space
)

// readName handles a piece of a name: it reads the whole name, the operator and
// the value, and decides.
func readName(s *scan, _ *action, start, end int) {
	text := s.text
	if start < s.named {
		return
	}
	from := runBack(text, start, maxName, word|dash|dot)
	to := run(text, end, maxName, word)
	if !is(text[end-1], word) {
		for to = end; !is(text[to-1], word); {
			to--
		}
	}
	for to < len(text) && to-from < maxName && (text[to] == '-' || text[to] == '.') && to+1 < len(text) && is(text[to+1], word) {
		to = run(text, to+1, maxName, word)
	}
	for from < start && !is(text[from], word) {
		from++
	}
	if from > 0 && text[from-1] == '\\' && is(text[from], lower) && escapeBefore(text, from+1) {
		from++ // the n of \n
	}
	if encoded := from > 0 && text[from-1] == '%' && from+2 < start && is(text[from], hexLow|hexUp|digit) && is(text[from+1], hexLow|hexUp|digit); encoded {
		from += 2 // the 3F of %3F
	}
	s.named = to
	if s.typed(from, to) {
		return
	}
	from = s.phrase(from)
	var p split
	if p.parse(text[from:to]); !p.promises() {
		return // as of most names in which there is "token" or "key"
	}
	if s.listedKey(from, to) || s.assigned(from, to) || s.returned(from, to) || s.prompted(from, to) {
		return
	}
	if s.headsRows(from, to) {
		return
	}
	op, at := s.operator(from, to)
	if expanded(text, from) {
		switch {
		case op == opAssign || bytes.HasPrefix(text[to:], []byte(element)):
		case op == opColon && text[from-1] == '{' && at < len(text) && (text[at] == '-' || text[at] == '='):
			at++ // ${PASSWORD:-default}
		default:
			return // $PASSWORD is what others gave to it
		}
	}
	if op == opNone {
		s.table(from, to)
		return
	}
	if v, ok := s.target(from, at, op); ok {
		s.judgeValue(from, to, v)
		return
	}
	if op == opColon && from > 0 && text[from-1] == '/' {
		at = second(text, at)
	}
	before := len(s.cands)
	s.judge(from, to, op, at)
	if op == opColon && len(s.cands) == before {
		s.below(from, to, at)
	}
	if len(s.cands) > before && (op == opTag || op == opSpace && s.in.Language == Unknown) {
		s.others(from, to, op)
	}
	if len(s.cands) == before && (op == opNear || op == opSpace || op == opTag || text[at-1] == '|') {
		if s.valueColumn(from, to); op != opTag {
			s.table(from, to)
		}
	}
}

// expanded reports whether the name at i is read by a shell: $NAME, ${NAME}.
func expanded(text []byte, i int) bool {
	if i > 1 && text[i-1] == '{' {
		i--
	}
	return i > 0 && text[i-1] == '$'
}

// below judges the line after "API key:" when it holds nothing but one value.
func (s *scan) below(from, to, at int) {
	text := s.text
	at = skipBlank(text, at)
	if at >= len(text) || text[at] != '\n' || s.place(from) == inExpression {
		return
	}
	i := run(text, at, 6, space)
	quoted := i < len(text) && text[i] == '`'
	if quoted {
		i++
	}
	class := b64std | b64url | dot | equals | tilde
	if quoted {
		class |= punct
	}
	end := run(text, i, maxBare, class)
	if end == i || quoted && (end >= len(text) || text[end] != '`') || !quoted && end < len(text) && text[end] != '\n' {
		return
	}
	var p split
	p.parse(text[from:to])
	k := p.classify()
	if k == kindNone || k == kindPassword && !quoted {
		return
	}
	op := opNear
	if quoted {
		op = opIs
	}
	s.weigh(&p, k, text[from:to], value{parts: []Span{{i, end}}, text: text[i:end], quoted: true}, op)
}

// second steps over the user in "user/password: bob / x".
func second(text []byte, i int) int {
	j := skipBlank(text, run(text, skipBlank(text, i), 40, word|dot|dash))
	if j < len(text) && (text[j] == '/' || text[j] == ':' || text[j] == ',') {
		return j + 1
	}
	return i
}

// target returns the value of a name that is one of several on the left of an
// assignment: user, password = "u", "p".
func (s *scan) target(from, at int, op operator) (v value, ok bool) {
	text := s.text
	if op == opTargets {
		head := at
		for n := 0; n < 4; n++ {
			head = run(text, run(text, head, 8, space), 40, word)
			head = skipBlank(text, head)
			if head < len(text) && text[head] == '=' {
				v, _, ok = s.argumentAt(head+1, s.commas(from))
				return v, ok
			}
			if head >= len(text) || text[head] != ',' {
				break
			}
			head++
		}
		return v, false
	}
	subscript := from > 1 && text[from-2] == '[' && s.in.Language.code() // environ["NAME"]
	if op != opAssign || !subscript && s.place(from) != inExpression {
		return v, false
	}
	if n := s.commas(from); n > 0 {
		v, _, ok = s.argumentAt(at, n)
	}
	return v, ok
}

// commas counts the names before the one at i when the line begins with names
// and commas only.
func (s *scan) commas(i int) int {
	head := s.text[s.lineStart(i):i]
	head = bytes.TrimLeft(head[bytes.LastIndexByte(head, ';')+1:], " \t(")
	if len(head) == 0 || !is(head[0], letter|under) {
		return 0
	}
	n := 0
	for _, b := range head {
		switch {
		case b == ',':
			n++
		case is(b, word|space|dot) || b == '[' || b == ']' || b == '"' || b == '\'':
		default:
			return 0
		}
	}
	return n
}

// phrase extends a name of several words to the left: "API key", "client secret".
func (s *scan) phrase(from int) int {
	for range 2 {
		if from < 2 || s.text[from-1] != ' ' || !is(s.text[from-2], letter) {
			return from
		}
		w := runBack(s.text, from-1, 14, letter)
		if !keyWords[lowered(string(s.text[w:from-1]))] || w > 0 && is(s.text[w-1], word) {
			return from
		}
		if head := s.text[:w]; bytes.HasSuffix(head, []byte("login ")) || bytes.HasSuffix(head, []byte("user ")) {
			return from // a user's name: login root password x
		}
		from = w
	}
	return from
}

// operator reads what follows a name that ends at i, and returns where the
// value may begin.
func (s *scan) operator(from, i int) (operator, int) {
	text := s.text
	quoted := from > 0 && bytes.IndexByte([]byte("\"'`"), text[from-1]) >= 0
	closed := false
	if quoted {
		if _, next, ok := quoteAt(text, i); ok {
			i, closed = next, true
		} else if i < len(text) && text[i] != '=' && text[i] != ':' {
			quoted = false
		}
	}
	for i < len(text) && bytes.IndexByte([]byte("]*`"), text[i]) >= 0 {
		i++
	}
	if closed && bytes.HasPrefix(text[i:], []byte(".value")) {
		i += len(".value")
	}
	if !quoted && from > 0 && text[from-1] == '-' && i < len(text)-1 && (text[i] == '"' || text[i] == '\'') && text[i+1] == ',' {
		// an option: add_argument("--token", default="x")
		if at := preset(text, run(text, i+2, 80, space)); at > 0 {
			return opAssign, at
		}
	}
	if !quoted && from > 0 && (text[from-1] == '#' || text[from-1] == '.' || text[from-1] == '=' && text[i-1] == ']') || closed && i > 0 && text[i-1] == ']' {
		// a selector: fill("#password", "x"), fill('input[name="password"]', 'x')
		if i+1 < len(text) && (text[i] == '"' || text[i] == '\'') && text[i+1] == ',' {
			return s.pair(i + 2)
		}
		if i+1 < len(text) && (text[i] == '"' || text[i] == '\'') && text[i+1] == ')' {
			return receiver(text, i+2)
		}
	}
	if at := s.entry(from, i); at > 0 {
		return opColon, at
	}
	gap := i
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') && i-gap < 120 {
		i++
	}
	if i >= len(text) {
		return opNone, 0
	}
	if from > 0 && text[from-1] == '$' && bytes.HasPrefix(text[i:], []byte(element)) {
		return opColon, i + len(element)
	}
	if bytes.HasPrefix(text[i:], []byte("：")) {
		return opColon, i + len("：")
	}
	switch text[i] {
	case '%':
		if i == gap && bytes.HasPrefix(text[i:], []byte(encodedEquals)) {
			return opAssign, i + len(encodedEquals) // of an address within an address
		}
	case '=':
		next := i + 1
		for next < len(text) && next < i+3 && (text[next] == '=' || text[next] == '>') {
			next++
		}
		return opAssign, next
	case ':':
		if i == gap && from > 0 && text[from-1] == ':' && !(i+1 < len(text) && text[i+1] == ' ' && s.lineStart(from) >= from-1) {
			return opNone, 0 // a piece of a URN, and not a field of reStructuredText
		}
		if op, at := s.label(from, i+1); op != opNone {
			return op, at
		}
		return s.colon(i + 1)
	case '|':
		if head := text[s.lineStart(from):from]; bytes.LastIndex(head, []byte("{{")) > bytes.LastIndex(head, []byte("}}")) {
			return opNone, 0 // a filter of a template
		}
		return opColon, i + 1
	}
	if end := run(text, i, 80, dot); end-i > 3 && s.place(from) != inExpression {
		return opColon, end // a line of dots leads to the value
	}
	if text[i] == ',' && i == gap && from > 0 && text[from-1] == '(' && bytes.IndexByte(text[from:i], '.') > 0 && i+1 < len(text) && text[i+1] != ' ' && s.place(from) != inExpression {
		return opColon, i + 1 // a property as Spark lists it
	}
	if op, at := s.mark(from, i); op != opNone {
		return op, at
	}
	if closed {
		return s.afterQuoted(from, i)
	}
	switch {
	case text[i] == ',' && !quoted && i == gap && s.place(from) == inExpression:
		return opTargets, i + 1
	case text[i] == '(' && i == gap:
		return opCall, i + 1
	case i > gap:
		return s.spaced(from, gap, i)
	}
	return opNone, 0
}

// element stands between the name and the value of a list's element, as R shows it.
const element = "\n[1] "

// encodedEquals is "=" in a query that is itself a parameter's value.
const encodedEquals = "%3D"

// label reads the rest of a widget's repr whose description is a name and a
// colon in quotes: Password(value='x', description='Token:'), or the other way.
func (s *scan) label(from, i int) (operator, int) {
	text := s.text
	if from == 0 || i >= len(text) || text[i] != text[from-1] || text[i] != '"' && text[i] != '\'' {
		return opNone, 0
	}
	if bytes.HasPrefix(text[i+1:], []byte(", value=")) {
		return opAssign, i + 1 + len(", value=")
	}
	if at := described(text, from); at > 0 {
		return opAssign, at
	}
	return opNone, 0
}

// mark reads arrows and tags.
func (s *scan) mark(from, i int) (operator, int) {
	text := s.text
	switch text[i] {
	case '<':
		if bytes.HasPrefix(text[i:], []byte("<-")) || bytes.HasPrefix(text[i:], []byte("<<-")) {
			return opAssign, i + bytes.IndexByte(text[i:], '-') + 1
		}
		return s.tags(i)
	case '>':
		space := from // of the name, as in <wsse:Password>
		if space > 0 && text[space-1] == ':' {
			space = runBack(text, space-1, 20, word)
		}
		if space > 0 && text[space-1] == '<' {
			return opTag, i + 1
		}
	case '-':
		if bytes.HasPrefix(text[i:], []byte("->")) && s.place(from) != inExpression {
			return opColon, i + 2
		}
	}
	return opNone, 0
}

// afterQuoted reads what follows a name in quotes, behind the closing one.
func (s *scan) afterQuoted(from, i int) (operator, int) {
	if s.text[i] == ',' || s.text[i] == ')' {
		if at := described(s.text, from); at > 0 {
			return opAssign, at
		}
	}
	switch {
	case s.text[i] == ',':
		return s.pair(i + 1)
	case s.text[i] == ')':
		if j := skipBlank(s.text, i+1); bytes.HasPrefix(s.text[j:], []byte("== ")) {
			return opAssign, j + len("== ") // ask("Password") == "x"
		}
		return receiver(s.text, i+1)
	case bytes.HasPrefix(s.text[i:], []byte("value=")):
		return opAssign, i + len("value=")
	}
	if at := attribute(s.text, i); at > 0 {
		return opAssign, at
	}
	return opNone, 0
}

// attribute returns where the attribute "value" begins of the input of HTML in
// whose tag i is, behind another attribute; else 0.
func attribute(text []byte, i int) int {
	const reach = 300
	head := text[max(0, i-reach):i]
	open := bytes.LastIndexByte(head, '<')
	if open < 0 || !bytes.HasPrefix(head[open:], []byte("<input ")) || bytes.IndexByte(head[open:], '>') >= 0 {
		return 0
	}
	tag := text[i-len(head)+open : min(len(text), i+reach)]
	if end := bytes.IndexByte(tag, '>'); end >= 0 {
		tag = tag[:end]
	}
	word := []byte(" value=")
	if n := bytes.Index(tag, word); n >= 0 {
		return i - len(head) + open + n + len(word)
	}
	return 0
}

// colon reads what follows a colon: a Python annotation ends in "=", and "::" is no operator.
func (s *scan) colon(i int) (operator, int) {
	text := s.text
	if i < len(text) && (text[i] == '=' || text[i] == ':') {
		if text[i] == ':' {
			return opNone, 0
		}
		return opAssign, i + 1
	}
	for i < len(text) && text[i] == '*' {
		i++ // Markdown: **password:** x
	}
	for _, of := range []string{"chr \"", "String \""} {
		if j := skipBlank(text, i); bytes.HasPrefix(text[j:], []byte(of)) {
			return opColon, j + len(of) - 1 // the structure of a list, as R and Julia show it
		}
	}
	if s.in.Language.code() {
		j := run(text, i, 4, space)
		end := j
		for end < len(text) && end-j < 60 && (is(text[end], word|dot) || bytes.IndexByte([]byte("[]|, "), text[end]) >= 0) {
			end++
		}
		if end > j && end+1 < len(text) && text[end] == '=' && is(text[j], letter) && is(text[end+1], space) && s.place(i) == inExpression {
			return opAssign, end + 1
		}
	}
	return opColon, i
}

// tags steps over closing and opening tags: <td>name</td> <td>value</td>.
func (s *scan) tags(i int) (operator, int) {
	text := s.text
	limit := min(len(text), i+300)
	seen := false
	for i < limit {
		switch {
		case text[i] == '<':
			end := bytes.IndexByte(text[i:limit], '>')
			if end < 0 {
				return opNone, 0
			}
			if bytes.HasPrefix(text[i:], []byte("</th>")) && !bytes.HasPrefix(bytes.TrimLeft(text[i+len("</th>"):limit], " \r\n\t"), []byte("<td")) {
				return opNone, 0 // a heading of a column: table.go
			}
			seen = true
			i += end + 1
		case is(text[i], space):
			i++
		case text[i] == ':' || text[i] == '=':
			i++
		default:
			if !seen {
				return opNone, 0
			}
			return opTag, i
		}
	}
	return opNone, 0
}

// pair reads what follows the comma after a quoted name: the value, perhaps
// under a name of its own, as in {"name": "API_KEY", "value": "…"}.
func (s *scan) pair(i int) (operator, int) {
	text := s.text
	j := run(text, i, 80, space)
	if q, next, ok := quoteAt(text, j); ok && bytes.HasPrefix(text[next:], []byte("value")) {
		next += len("value")
		if _, after, ok := quoteAt(text, next); ok && q.char != 0 {
			after = run(text, after, 8, space)
			if after < len(text) && text[after] == ':' {
				return opColon, after + 1
			}
		}
	}
	if bytes.HasPrefix(text[j:], []byte("value=")) {
		return opAssign, j + len("value=")
	}
	if at := preset(text, j); at > 0 {
		return opAssign, at
	}
	if q, next, ok := quoteAt(text, j); ok {
		// {"type": "password", "name": …}: the word was a value
		if _, end, ok := q.close(text, next); ok {
			if end = run(text, end, 8, space); end < len(text) && text[end] == ':' {
				return opNone, 0
			}
		}
	}
	return opComma, j
}
