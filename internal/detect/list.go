package detect

const maxList = 50

// list judges the literals of a list, tuple or dictionary of credentials, and
// reports whether there is one at i.
func (s *scan) list(p *split, name []byte, i int) bool {
	k, ok := plurals[string(p.word(p.n-1))]
	if !ok {
		return false
	}
	text := s.text
	i = skipBlank(text, i)
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
		if open == '{' && next < len(text) && text[next] == ':' {
			// a name of its own is read on its own
			if v, next, ok = s.literals(run(text, next+1, 80, space), false); !ok {
				return true
			}
			next = run(text, next, 80, space)
		}
		if k != kindSecret || n > 0 || open != '(' {
			s.weigh(p, k, name, v, opAssign)
		}
		if next >= len(text) || text[next] != ',' {
			return true
		}
		i = next + 1
	}
	return true
}
