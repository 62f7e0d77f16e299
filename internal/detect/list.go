package detect

import "bytes"

const maxList = 50

// list judges the literals of a list, tuple or dictionary of credentials, and
// reports whether there is one at i.
func (s *scan) list(p *split, name []byte, op operator, i int) bool {
	k, ok := plurals[string(p.word(p.n-1))]
	text := s.text
	i = skipBlank(text, i)
	if i < len(text) && text[i] == '{' && (!ok || op == opColon) {
		return s.perService(p, name, i)
	}
	if !ok && i < len(text) && text[i] == '[' && p.classify() == kindPassword {
		k, ok = kindPassword, true // a column of a table
	}
	if !ok {
		return false
	}
	for _, f := range []string{"list(", "dict(", "c("} {
		if bytes.HasPrefix(text[min(i, len(text)):], []byte(f)) {
			i += len(f) - 1
			break
		}
	}
	if i >= len(text) || text[i] != '[' && text[i] != '(' && text[i] != '{' {
		return false
	}
	open := text[i]
	i++
	for n := 0; n < maxList; n++ {
		i = run(text, i, 200, space)
		if i < len(text) && open == '[' && (text[i] == '(' || text[i] == '[') {
			if i = s.row(p, k, name, i+1); i == 0 {
				return true
			}
			continue
		}
		if end := run(text, i, 60, word); end > i && open == '(' {
			if eq := skipBlank(text, end); eq < len(text) && text[eq] == '=' {
				if describes(text[i:end]) {
					return true
				}
				i = skipBlank(text, eq+1)
			}
		}
		v, next, ok := s.literals(i, false)
		if !ok {
			return true
		}
		next = run(text, next, 80, space)
		about := false
		if open == '{' && next < len(text) && text[next] == ':' {
			// a name of its own is read on its own
			about = describes(v.text)
			if v, next, ok = s.literals(run(text, next+1, 80, space), false); !ok {
				return true
			}
			next = run(text, next, 80, space)
		}
		if !about && (k != kindSecret || n > 0 || open != '(') {
			s.weigh(p, k, name, v, opAssign)
		}
		if next >= len(text) || text[next] != ',' {
			return true
		}
		i = next + 1
	}
	return true
}

// row judges the last literal of a tuple in a list of credentials, whose
// elements begin at i, and returns where the next element of the list begins;
// 0 when there is none.
func (s *scan) row(p *split, k kind, name []byte, i int) int {
	text := s.text
	var last value
	for n := 0; n < maxArgs; n++ {
		v, next, ok := s.literals(run(text, i, 80, space), false)
		if !ok {
			return 0
		}
		last = v
		if next = run(text, next, 80, space); next >= len(text) {
			return 0
		}
		i = next + 1
		if text[next] == ',' {
			continue
		}
		if n > 0 && (text[next] == ')' || text[next] == ']') {
			if k == kindSecret {
				k = kindPassword
			}
			s.weigh(p, k, name, last, opComma)
		}
		if next = run(text, i, 80, space); next < len(text) && text[next] == ',' {
			return next + 1
		}
		return 0
	}
	return 0
}

// startsList reports whether a list or a dictionary begins at i.
func startsList(text []byte, i int) bool {
	i = skipBlank(text, i)
	return i < len(text) && (text[i] == '[' || text[i] == '{')
}

// perService judges a dictionary that holds a credential of one kind for each of
// several services, "key": {"openweather": "x"}, and reports whether there is
// one at i.
func (s *scan) perService(p *split, name []byte, i int) bool {
	text := s.text
	k := p.classify()
	if k == kindNone || i >= len(text) {
		return false
	}
	i++
	for n := 0; n < maxList; n++ {
		of, next, ok := s.literals(run(text, i, 200, space), false)
		if !ok || len(of.text) > maxName || next >= len(text) || text[next] != ':' {
			return n > 0
		}
		v, next, ok := s.literals(run(text, next+1, 80, space), false)
		if !ok {
			return n > 0
		}
		var q split
		q.parse(append(append(bytes.Clone(of.text), '_'), name...))
		if !describes(of.text) && q.n > 0 && q.classify() != kindNone && (k == kindPassword || s.service(&q, v, v.text) != nil) {
			s.weigh(&q, k, name, v, opColon)
		}
		if next = run(text, next, 80, space); next >= len(text) || text[next] != ',' {
			return true
		}
		i = next + 1
	}
	return true
}

// descriptive are the last words of names in a dictionary of credentials whose
// values are none.
var descriptive = words("id url uri host hostname server endpoint user username login email region account project name type version port database schema scope scopes " +
	"audience issuer path file plan crn instance organization org tenant zone")

// describes reports whether a name in a dictionary of credentials is of
// something about them.
func describes(name []byte) bool {
	var p split
	p.parse(name)
	return p.n > 0 && descriptive[string(p.word(p.n-1))] && p.classify() == kindNone
}
