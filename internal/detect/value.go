package detect

import "bytes"

// value is what was given to a name.
type value struct {
	parts   []Span
	text    []byte // the parts joined; aliases the scanned text when there is one part
	quoted  bool
	literal bool  // a string literal of program code
	place   prose // where it stands; for bare values
	param   byte  // what stands before it: '?' or '&' in a query, ';' in a connection string; or 0
}

func (v value) start() int {
	if len(v.parts) == 0 {
		return 0
	}
	return v.parts[0].Start
}

const (
	maxValue = 4096 // longest value that is read
	maxBare  = 800  // longest value without quotes
	maxParts = 64
)

// quote is an opening or closing mark: a quote character after some number of
// backslashes, as in JSON within JSON, one or three times.
type quote struct {
	char    byte
	escapes int
	triple  bool
}

// quoteAt reads a quotation mark at i.
func quoteAt(text []byte, i int) (q quote, next int, ok bool) {
	j := i
	for j < len(text) && text[j] == '\\' && j-i < 16 {
		j++
	}
	if j >= len(text) || text[j] != '"' && text[j] != '\'' && text[j] != '`' {
		return q, i, false
	}
	q = quote{char: text[j], escapes: j - i}
	j++
	if q.escapes == 0 && j+1 < len(text) && text[j] == q.char && text[j+1] == q.char {
		q.triple = true
		j += 2
	}
	return q, j, true
}

// close returns where the closing mark begins and ends.
func (q quote) close(text []byte, i int) (start, end int, ok bool) {
	limit := min(len(text), i+maxValue)
	for j := i; j < limit; j++ {
		switch text[j] {
		case '\n':
			if !q.triple && q.char != '`' {
				return 0, 0, false
			}
		case '\\':
			k := j
			for k < limit && text[k] == '\\' {
				k++
			}
			if k < limit && text[k] == q.char && k-j <= q.escapes {
				// as many backslashes as before the opening mark, or the end of an outer string
				return j, k + 1, true
			}
			if (k-j)%2 == 1 {
				j = k // an escaped character
			} else {
				j = k - 1
			}
		case q.char:
			if !q.triple {
				return j, j + 1, true
			}
			if j+2 < len(text) && text[j+1] == q.char && text[j+2] == q.char {
				return j, j + 3, true
			}
		}
	}
	return 0, 0, false
}

// literals reads a string literal at i, with those that follow it and are
// concatenated to it: 'a' 'b', or 'a' + 'b'. A line may end between them when
// it is continued.
func (s *scan) literals(i int, continued bool) (v value, next int, ok bool) {
	q, from, ok := quoteAt(s.text, i)
	if !ok {
		return v, i, false
	}
	to, next, ok := q.close(s.text, from)
	if !ok {
		return v, i, false
	}
	v = value{parts: []Span{{from, to}}, text: s.text[from:to], quoted: true, literal: s.in.Language.code()}
	next = s.rest(&v, next, q, continued)
	return v, next, true
}

// rest joins to v the literals that are concatenated to it, of which the first
// would begin behind next, and returns where the last one ends.
func (s *scan) rest(v *value, next int, q quote, continued bool) int {
	for len(v.parts) < maxParts && len(v.text) < maxValue {
		at, more := s.adjacent(next, q, continued)
		if !more {
			break
		}
		p, from, _ := quoteAt(s.text, at)
		to, after, ok := p.close(s.text, from)
		if !ok {
			break
		}
		v.join(s.text, from, to)
		next = after
	}
	return next
}

// join adds text[from:to] as a further part.
func (v *value) join(text []byte, from, to int) {
	if from == to {
		return
	}
	if len(v.text) == 0 {
		v.parts = v.parts[:0]
	}
	v.text = append(v.text[:len(v.text):len(v.text)], text[from:to]...)
	v.parts = append(v.parts, Span{from, to})
}

// adjacent returns where a literal begins that is concatenated to the one that
// ended at i.
func (s *scan) adjacent(i int, q quote, continued bool) (int, bool) {
	if q.char == '`' || q.escapes > 0 {
		return 0, false
	}
	limit := min(len(s.text), i+200)
	lines := 0
	for ; i < limit; i++ {
		switch b := s.text[i]; b {
		case ' ', '\t', '\r':
			continue
		case '+', '\\':
			continued = true
			continue
		case '\n':
			if lines++; !continued || lines > 2 {
				return 0, false
			}
			continue
		case '#': // a comment behind a part
			end := bytes.IndexByte(s.text[i:limit], '\n')
			if end < 0 || !continued || !s.in.Language.code() {
				return 0, false
			}
			i += end - 1
			continue
		case 'f', 'r', 'b', 'u', 'F', 'R', 'B', 'U':
			if i+1 < limit && (s.text[i+1] == '"' || s.text[i+1] == '\'') {
				return i + 1, true
			}
			return 0, false
		case '"', '\'':
			return i, i > 0 && s.text[i-1] != q.char
		default:
			return 0, false
		}
	}
	return 0, false
}

// valueAt reads the value that begins at i, after an operator.
func (s *scan) valueAt(i, nameStart int, op operator) (v value, ok bool) {
	text := s.text
	i, continued := s.skipToValue(i)
	if i >= len(text) {
		return v, false
	}
	if (text[i] == '"' || text[i] == '\'') && paramBefore(text, nameStart) != 0 && s.joined(nameStart) {
		return v, false // the literal ended, and the value is the next one
	}
	// the letters of a Python string, a call around it, an alternative
	for range 3 {
		if v, ok = s.pieces(i); ok {
			return v, ok
		}
		if _, _, quoted := quoteAt(text, i); quoted {
			var next int
			v, next, ok = s.literals(i, continued)
			if ok {
				s.added(&v, nameStart, next)
			}
			if ok && continued {
				v = s.paired(v, next, i)
			}
			return v, ok
		}
		if next, coding := encodedBy(text, i); coding != nil {
			v, _, ok = s.literals(next, true)
			if ok {
				v.text, ok = coding(v.text)
			}
			return v, ok
		}
		next, wrapped := unwrap(text, i)
		if !wrapped {
			break
		}
		i = next
		continued = true
	}
	if op == opComma || op == opCall || op == opReceiver {
		return v, false
	}
	if v, ok = s.begun(i); ok {
		return v, ok
	}
	if at := s.otherwise(i, nameStart); at > 0 {
		v, _, ok = s.literals(at, continued)
		return v, ok
	}
	return s.bare(i, nameStart, op)
}

// paired returns the second literal of a pair in parentheses, whose first one
// is v and begins at i: api_key=("id", "x").
func (s *scan) paired(v value, next, i int) value {
	text := s.text
	open := i
	for open > 0 && (is(text[open-1], space)) {
		open--
	}
	next = skipBlank(text, next)
	if open < 2 || text[open-1] != '(' || !is(text[open-2], space|equals) && text[open-2] != ':' || next >= len(text) || text[next] != ',' {
		return v
	}
	second, after, ok := s.literals(run(text, next+1, 80, space), true)
	if after = skipBlank(text, after); !ok || after >= len(text) || text[after] != ')' {
		return v
	}
	return second
}

// otherwise returns where the literal of "x or 'literal'", or of "x if y else
// 'literal'", begins, when i is in an expression of that form; 0 when it is not.
func (s *scan) otherwise(i, nameStart int) int {
	line := s.text[i:min(len(s.text), i+120)]
	if nl := bytes.IndexByte(line, '\n'); nl >= 0 {
		line = line[:nl]
	}
	word := []byte(" or ")
	if bytes.Contains(line, []byte(" if ")) {
		word = []byte(" else ")
	}
	or := bytes.Index(line, word)
	if or < 0 || s.place(nameStart) != inExpression {
		return 0
	}
	at := skipBlank(s.text, i+or+len(word))
	if at < len(s.text) && (s.text[at] == '"' || s.text[at] == '\'') {
		return at
	}
	return 0
}

// skipToValue steps over the space and line ends that may stand before a value.
func (s *scan) skipToValue(i int) (int, bool) {
	continued := false
	limit := min(len(s.text), i+200)
	for i < limit {
		switch b := s.text[i]; {
		case b == ' ' || b == '\t':
		case b == '(':
			continued = true
		case b == '\\' && i+1 < limit && (s.text[i+1] == '\n' || s.text[i+1] == '\r'):
			continued = true
			i++
		case (b == '\n' || b == '\r') && continued:
		case b >= 0x80 && unseen(s.text[i:]) > 0:
			i += unseen(s.text[i:]) - 1
		case b == '<':
			end := emphasised(s.text, i)
			if end < 0 || s.in.Language.code() {
				return i, continued
			}
			i = end - 1
		default:
			return i, continued
		}
		i++
	}
	return i, continued
}

// unwrap steps into what may stand around a literal: a prefix of Python's, or
// the call of a wrapper such as SecretStr("…").
func unwrap(text []byte, i int) (int, bool) {
	if word := []byte("lambda: "); bytes.HasPrefix(text[i:], word) {
		return i + len(word), true
	}
	end := run(text, i, 40, word|dot)
	if end == i || end >= len(text) {
		return i, false
	}
	if end-i <= 2 && all(text[i:end], letter) {
		if _, _, ok := quoteAt(text, end); ok && text[end] != '`' {
			return end, true
		}
	}
	if text[end] == '(' {
		switch string(text[i:end]) {
		case "SecretStr", "pydantic.SecretStr", "Secret", "str", "bytes", "quote", "quote_plus", "urllib.parse.quote_plus", "urllib.parse.quote", "urlquote", "parse.quote_plus", "c", "String", "Token.from_string", "StringIO", "io.StringIO",
			"Field", "pydantic.Field", "field", "attr.ib", "attr.field", "Option", "typer.Option":
			next := run(text, end+1, 80, space)
			if word := []byte("default="); bytes.HasPrefix(text[next:], word) {
				next += len(word)
			}
			return next, true
		}
	}
	return i, false
}

// bare reads a value without quotes.
func (s *scan) bare(i, nameStart int, op operator) (v value, ok bool) {
	text := s.text
	v.place = s.place(nameStart)
	v.param = paramBefore(text, nameStart)
	bold := i
	if v.place != inExpression {
		i = emphasis(text, i)
	}
	if n := bytes.Index(text[i:min(len(text), i+80)], []byte("**")); i > bold && n > 0 && !bytes.ContainsAny(text[i:i+n], " \t\n*`") {
		s.one[0] = Span{i, i + n}
		v.parts, v.text = s.one[:], text[i:i+n]
		return v, true
	}
	if n := italic(text, i); n > 0 && v.place == inText {
		s.one[0] = Span{i + 1, i + n}
		v.parts, v.text = s.one[:], text[i+1:i+n]
		return v, true
	}
	lead := s.leads(nameStart)
	if end := braceEnd(text, i); v.param == ';' && end > 0 {
		s.one[0] = Span{i + 1, end}
		v.parts, v.text = s.one[:], text[i+1:end]
		return v, true
	}
	end := bareEnd(text, i, op, v, lead)
	for end > i && (text[end-1] == ',' || text[end-1] == ';') {
		end--
	}
	if v.place != inExpression {
		for end-i > 2 && text[end-1] == '*' && text[end-2] == '*' {
			end -= 2
		}
	}
	if (v.place == inText || op == opIs) && !lead && v.param == 0 {
		for end > i && bytes.IndexByte([]byte(".:*_)"), text[end-1]) >= 0 {
			end-- // the end of a sentence
		}
	}
	if end-i >= maxBare || op == opTag && !bytes.HasPrefix(text[end:], []byte("</")) {
		return v, false
	}
	if end < len(text) && (text[end] == '"' || text[end] == '\'') && (v.param != 0 || v.place != inText) {
		// a connection string may go on in the next literal
		if called := s.called; s.joined(nameStart) {
			return v, s.called == called
		}
	}
	if end == i {
		return v, false
	}
	s.one[0] = Span{i, end}
	v.parts = s.one[:]
	v.text = text[i:end]
	return v, true
}

// bareEnd returns where a value without quotes ends: earlier in a parameter or
// in the middle of a line than after the first name on it.
func bareEnd(text []byte, i int, op operator, v value, lead bool) int {
	limit := min(len(text), i+maxBare)
	inner := bytes.HasSuffix(text[:i], []byte(encodedEquals))
	for ; i < limit; i++ {
		stop := false
		if text[i] >= 0x80 && (unseen(text[i:]) > 0 || sentenceMark(text[i:])) {
			return i
		}
		switch b := text[i]; b {
		case ' ', '\t', '\n', '\r', '"', '`', '\\':
			stop = true
		case '%':
			stop = inner && bytes.HasPrefix(text[i:], []byte("%26"))
		case '\'':
			stop = !lead || v.place == inExpression
		case '<':
			stop = op == opTag || i+1 < limit && (text[i+1] == '/' || is(text[i+1], letter)) && bytes.IndexByte(text[i:limit], '>') >= 0
		case '&':
			stop = v.param == '&' || v.param == 0 && !lead || entity(text[i:limit])
		case ';':
			stop = v.param == ';' || v.param == 0 && !lead
		case '}':
			stop = v.param != 0 || !lead
		case ',', ')', ']', '|':
			stop = !lead && v.param == 0 || b == ')' && v.param == '&' && v.place == inText
		}
		if stop {
			return i
		}
	}
	return i
}

// paramBefore returns ';' when the name at i stands in a connection string, '&'
// when it stands in a query or a form, else 0.
func paramBefore(text []byte, i int) byte {
	for k := i - 1; k >= 0 && i-k < 4; k-- {
		switch text[k] {
		case '?', '&':
			return '&'
		case ';':
			return ';'
		case ' ':
			continue
		}
		return 0
	}
	return 0
}

// leaders are the words that may stand before a name and leave it the first
// thing on its line.
var leaders = []string{"export", "env", "set_env", "env:", "set", "declare", "setx", "ENV", "ARG"}

// leads reports whether the name at i is the first thing on its line, after
// what configuration files, shells and logs put there.
func (s *scan) leads(i int) bool {
	head := bytes.TrimLeft(s.text[s.lineStart(i):i], " \t\"'-+>|#*{!%$")
	if len(head) == 0 {
		return true
	}
	head = bytes.TrimRight(head, " \t\"'")
	for _, w := range leaders {
		if bytes.HasSuffix(head, []byte(w)) && (len(head) == len(w) || !is(head[len(head)-len(w)-1], word)) {
			return true
		}
	}
	return false
}
