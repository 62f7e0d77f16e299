package detect

import "bytes"

// Shown returns the name of the credential that a cell of code shows bare in
// its output, as with print(api_key) or api_key on the last line; "" if it
// shows none. A caller passes it as [Input.Key] with the cell's outputs, where
// nothing else tells what the value is.
func Shown(source []byte) string {
	name := ""
	source = bytes.TrimSpace(source)
	for len(source) > 0 {
		line := source
		end := bytes.IndexByte(source, '\n')
		last := end < 0
		if last {
			source = nil
		} else {
			line, source = source[:end], source[end+1:]
		}
		if !last && !mayShow(line) {
			continue
		}
		line = bytes.TrimRight(bytes.TrimSpace(line), ";")
		expr := line
		switch {
		case bytes.HasPrefix(line, []byte("print(")), bytes.HasPrefix(line, []byte("display(")):
			expr = bytes.TrimSuffix(line[bytes.IndexByte(line, '(')+1:], []byte(")"))
		case bytes.HasPrefix(line, []byte("!echo $")), bytes.HasPrefix(line, []byte("%env ")):
			expr = line[bytes.IndexByte(line, ' ')+1:]
			expr = bytes.TrimLeft(expr, "${")
			expr = bytes.TrimRight(expr, "}")
		case !last:
			continue
		}
		if n := shownName(expr); n != "" {
			name = n
		}
	}
	return name
}

// mayShow reports whether a line begins as one that shows a value does. Most do
// not, and of a long cell there is no more to look at.
func mayShow(line []byte) bool {
	for _, b := range line {
		switch b {
		case 'p', 'd', '!', '%':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return false
}

// shownName returns the name that an expression reads, when it is a
// credential's: a variable, an attribute, a subscript, a getter's argument.
func shownName(expr []byte) string {
	if len(expr) > 2*maxName {
		return ""
	}
	expr = bytes.TrimRight(expr, " )]\"'")
	from := runBack(expr, len(expr), maxName, word)
	if from == len(expr) || !all(expr[:from], word|dot|punct|space) && bytes.ContainsAny(expr[:from], "+=%") {
		return ""
	}
	var p split
	p.parse(expr[from:])
	if p.n == 0 || p.classify() == kindNone {
		return ""
	}
	if head := bytes.TrimSpace(expr[:from]); bytes.HasSuffix(head, []byte("(")) && bytes.IndexByte(head, '=') >= 0 {
		return ""
	}
	return string(expr[from:])
}
