package detect

const maxList = 50

// list judges the literals of a list, tuple or dictionary of credentials, and
// reports whether there is one at i.
func (s *scan) list(p *split, name []byte, i int) bool {
	k, ok := plurals[string(p.word(p.n-1))]
	text := s.text
	i = skipBlank(text, i)
	if !ok && i < len(text) && text[i] == '[' && p.classify() == kindPassword {
		k, ok = kindPassword, true // a column of a table
	}
	if !ok {
		return false
	}
	if i >= len(text) || text[i] != '[' && text[i] != '(' && text[i] != '{' {
		return false
	}
	open := text[i]
	i++
	for n := 0; n < maxList; n++ {
		i = run(text, i, 200, space)
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
