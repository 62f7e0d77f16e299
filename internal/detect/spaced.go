package detect

import "bytes"

// Names that only a space parts from their values: flags of commands, listings,
// sentences.

// spaced decides what a gap after a name means: a flag's or a netrc line's
// value, a column of output, or the "is" of a sentence.
func (s *scan) spaced(from, gap, i int) (operator, int) {
	text := s.text
	if lowered(string(text[from:gap])) == "pass" && (from == 0 || text[from-1] != '-') {
		return opNone, 0 // the verb, or the result of a test
	}
	if bytes.HasPrefix(text[i:], []byte("or ")) && s.place(from) == inExpression {
		if j := skipBlank(text, i+3); j < len(text) && (text[j] == '"' || text[j] == '\'') {
			return opAssign, j
		}
	}
	for _, w := range []string{"is", "was", "ist", "lautet", "est", "es", "é", "è"} {
		if !bytes.HasPrefix(text[i:], []byte(w)) {
			continue
		}
		if j := i + len(w); j+1 < len(text) && (text[j] == ' ' || text[j] == ':' && text[j+1] == ' ') {
			return opIs, run(text, j+1, 4, space)
		}
	}
	for _, w := range []string{"enter `", "type `", "use `", "enter **", "use **"} {
		if bytes.HasPrefix(text[i:], []byte(w)) {
			return opIs, i + bytes.IndexByte(text[i:], ' ') + 1
		}
	}
	if word := []byte("--body "); bytes.HasPrefix(text[i:], word) && bytes.HasSuffix(text[:from], []byte(" secret set ")) {
		return opSpace, i + len(word) // of GitHub's command line
	}
	for _, w := range []string{"provided: ", "supplied: ", "given: ", "passed: ", "used: "} {
		if bytes.HasPrefix(text[i:], []byte(w)) {
			return opIs, i + len(w) // what an API says of a key that it refuses
		}
	}
	if at := s.aboutWhat(i); at > 0 {
		return opIs, at
	}
	if from >= 2 && text[from-1] == '-' && is(text[from-2], dash|space) {
		return opSpace, i
	}
	head := bytes.TrimSpace(text[s.lineStart(from):from])
	if len(head) == len("\u2502") {
		head = bytes.TrimLeft(unboxed(head), "| ") // in a box
	}
	if all(head, digit) && i-gap >= 2 && s.in.Language == Unknown {
		head = nil // the number of a row
	}
	switch {
	case bytes.HasPrefix(text[i:], []byte("-v ")) && bytes.Contains(head, []byte("config set")):
		return opSpace, i + len("-v ")
	case len(head) == 0 && bytes.HasPrefix(text[from:gap], []byte("spark.")):
		return opSpace, i // spark-defaults.conf
	case bytes.Equal(head, []byte("%env")) || bytes.Equal(head, []byte("%set_env")):
		return opSpace, i
	case netrcLine(head) || bytes.Contains(head, []byte("configure set")) || bytes.Contains(head, []byte("config set")) || bytes.HasSuffix(head, []byte(" -p")):
		return opSpace, i
	case bytes.Contains(head, []byte(" remote modify ")):
		return opSpace, i // of dvc
	case len(head) == 0 && i-gap >= 2 && bytes.HasPrefix(text[i:], []byte("str  ")):
		return opSpace, skipBlank(text, i+len("str")) // a variable, as %whos lists it
	case len(head) == 0 && (i-gap >= 2 || s.netrc(from)) && s.place(from) != inExpression:
		return opSpace, i
	case text[i] == '`' || text[i] == '"' || text[i] == '\'':
		if s.place(from) != inExpression || s.sql(head) {
			return opIs, i
		}
	}
	if s.place(from) != inExpression && i-gap < 4 {
		if s.person(from) || bytes.HasPrefix(text[from:gap], []byte("admin ")) || bytes.HasPrefix(text[from:gap], []byte("root ")) {
			return opIs, i
		}
		if gap-from > 30 || from > 0 && (text[from-1] == '+' || text[from-1] == '/') {
			return opNone, 0 // the end of a line of base64
		}
		return opNear, i
	}
	return opNone, 0
}

// aboutWhat steps over what a sentence says of a credential before it tells
// it, "for the lab:" or "of the lab is", when one more word ends the line or
// stands in quotation marks; it returns where that begins, or 0.
func (s *scan) aboutWhat(i int) int {
	line := s.text[i:min(len(s.text), i+160)]
	if nl := bytes.IndexByte(line, '\n'); nl >= 0 {
		line = line[:nl]
	}
	if !prepositions[string(line[:run(line, 0, len(line), letter|high)])] || s.place(i) == inExpression {
		return 0
	}
	at, told := len(line), 0
	for _, w := range []string{": ", " is ", " ist ", " lautet ", " est ", " es ", " é ", " è "} {
		if n := bytes.Index(line[:at], []byte(w)); n >= 0 {
			at, told = n, n+len(w)
		}
	}
	if told == 0 || at > 80 || !all(line[:at], letter|high|space|dash) {
		return 0
	}
	rest := bytes.TrimSpace(line[told:])
	if len(rest) < 6 || bytes.IndexByte(rest, ' ') >= 0 && rest[0] != '`' || line[at] != ':' && rest[0] != '`' {
		return 0
	}
	return i + told
}

// prepositions begin what a credential is for.
var prepositions = words("for of to from für zu zum zur der des vom pour de du des para del da do dos van voor til")

// person reports whether the line of a password names the user before it, as
// "user bob, password x" and "logging in as bob with password x" do.
func (s *scan) person(i int) bool {
	head := s.text[max(s.lineStart(i), i-200):i]
	if len(head) < 6 {
		return false
	}
	low := bytes.ToLower(bytes.TrimRight(head, " "))
	joint := false
	for _, w := range []string{",", "/", " and", " with", " und", " mit", " y", " et"} {
		joint = joint || bytes.HasSuffix(low, []byte(w))
	}
	for _, w := range []string{"user ", "username ", "login ", "benutzer ", "usuario ", " in as ", "account "} {
		if i := bytes.Index(low, []byte(w)); joint && i >= 0 && bytes.Count(bytes.TrimSpace(low[i+len(w):]), []byte(" ")) <= 1 {
			return true
		}
	}
	return false
}

// netrcLine reports whether head begins an entry of a netrc file, perhaps as an
// argument of echo.
func netrcLine(head []byte) bool {
	if i := bytes.Index(head, []byte("machine ")); i >= 0 && bytes.Contains(head[i:], []byte(" login ")) {
		return true
	}
	return bytes.HasPrefix(head, []byte("login ")) || bytes.HasPrefix(head, []byte("default login ")) || bytes.HasPrefix(head, []byte("machine "))
}

// netrc reports whether the line before the one of i is of a netrc entry.
func (s *scan) netrc(i int) bool {
	line := s.lineStart(i)
	if line == 0 {
		return false
	}
	before := bytes.TrimSpace(s.text[s.lineStart(line-1) : line-1])
	return bytes.HasPrefix(before, []byte("login ")) || bytes.HasPrefix(before, []byte("machine ")) ||
		(bytes.HasPrefix(before, []byte("user")) || bytes.HasPrefix(before, []byte("host ")) || bytes.HasPrefix(before, []byte("email "))) && bytes.Count(before, []byte(" ")) == 1
}

// sql reports whether a line is a statement that sets a password.
func (s *scan) sql(head []byte) bool {
	up := bytes.ToUpper(head[:min(len(head), 200)])
	return bytes.Contains(up, []byte("USER ")) || bytes.Contains(up, []byte("ROLE ")) || bytes.Contains(up, []byte("SECRET"))
}

// readAuthParam handles a parameter of a URL that is called "auth".
func readAuthParam(s *scan, a *action, start, end int) {
	if paramBefore(s.text, start) == '&' {
		readName(s, a, start, end)
	}
}

// readAccount handles a user and a password behind a word for both: "login:
// **bob** / **x**", "credentials for the lab: bob:x".
func readAccount(s *scan, _ *action, start, end int) {
	text := s.text
	if start > 0 && is(text[start-1], word) || end >= len(text) || is(text[end], word) || s.place(start) == inExpression {
		return
	}
	i := end
	for i < len(text) && i-end < 40 && (is(text[i], letter|high) || text[i] == ' ' || text[i] == '*') {
		i++
	}
	if i >= len(text) || text[i] != ':' {
		return
	}
	i = skipBlank(text, i+1)
	if first := bytes.TrimLeft(text[i:min(len(text), i+4)], "*`"); len(first) == 0 || !is(first[0], letter) {
		return // rather a time of day than a user
	}
	user, i := marked(text, i, word|dot|dash)
	if user == 0 {
		return
	}
	i = skipBlank(text, i)
	if i >= len(text) || text[i] != '/' && text[i] != ':' || text[i] == '/' && i+1 < len(text) && text[i+1] == '/' {
		return
	}
	from := skipBlank(text, i+1)
	n, next := marked(text, from, b64std|b64url|dot|equals|tilde|percent|punct)
	if n == 0 || next < len(text) && !is(text[next], space|punct|dot) && text[next] != '<' {
		return
	}
	from = next - n - (next-from-n)/2
	v := value{parts: []Span{{from, from + n}}, text: text[from : from+n], quoted: true}
	var p split
	p.parse([]byte("password"))
	if believable(kindPassword, v.text, v, opIs, false) {
		s.weigh(&p, kindPassword, []byte("password"), v, opIs)
	}
}

// marked returns the length of the word of a class at i, which may stand between
// marks of Markdown, and where what follows begins.
func marked(text []byte, i int, c class) (n, next int) {
	open := i
	for i < len(text) && i-open < 3 && (text[i] == '*' || text[i] == '`') {
		i++
	}
	marks := text[open:i]
	end := i
	for end < len(text) && end-i < 80 && is(text[end], c) && text[end] != '`' && (len(marks) == 0 || text[end] != '*') {
		end++
	}
	if len(marks) > 0 && !bytes.HasPrefix(text[end:], marks) {
		return 0, i
	}
	if len(marks) == 0 && c&punct != 0 {
		for end > i && bytes.IndexByte([]byte(".,;)"), text[end-1]) >= 0 {
			end-- // the end of a sentence
		}
	}
	return end - i, end + len(marks)
}

// entry returns where the value begins of an entry of a YAML list whose name
// ends at i, "- name: API_KEY" with "value: x" on the next line; else 0.
func (s *scan) entry(from, i int) int {
	text := s.text
	if i >= len(text) || text[i] != '\n' && text[i] != '\r' {
		return 0
	}
	head := bytes.TrimRight(bytes.TrimLeft(text[s.lineStart(from):from], " \t-"), "\"'")
	next := run(text, i, 60, space)
	if !bytes.Equal(head, []byte("name: ")) && !bytes.Equal(head, []byte("key: ")) || !bytes.HasPrefix(text[next:], []byte("value: ")) {
		return 0
	}
	return next + len("value: ")
}
