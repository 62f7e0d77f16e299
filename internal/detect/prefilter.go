package detect

// automaton finds every occurrence of a set of keywords, without regard to
// ASCII case, in one pass: Aho and Corasick's machine with all failure links
// resolved into one dense table over classes of bytes.
type automaton struct {
	class   [256]uint8 // byte to column; bytes in no keyword share column 0
	next    []uint16   // state<<shift | column to state
	accept  uint16     // states from this one on end a keyword
	out     [][]uint16 // for each such state, the keywords that end there
	length  []int      // of the keywords
	longest int
}

const shift = 6 // 64 columns hold the letters, digits and punctuation of the keywords

// occurrence is a keyword's: where it ends, and the state it was seen in.
type occurrence struct {
	end   int
	state uint16
}

func newAutomaton(keywords []string) *automaton {
	a := &automaton{}
	columns := 1
	for _, k := range keywords {
		a.length = append(a.length, len(k))
		a.longest = max(a.longest, len(k))
		for i := range len(k) {
			b := fold(k[i])
			if a.class[b] == 0 {
				a.class[b] = uint8(columns)
				columns++
			}
		}
	}
	for b := 'A'; b <= 'Z'; b++ {
		a.class[b] = a.class[b+'a'-'A']
	}
	if columns > 1<<shift {
		panic("detect: keywords use too many different bytes")
	}
	a.build(keywords)
	return a
}

func fold(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// build makes the trie, resolves the failure links breadth first, and renumbers
// the states so that those that end a keyword come last.
func (a *automaton) build(keywords []string) {
	most := 1
	for _, k := range keywords {
		most += len(k)
	}
	trie := make([]uint16, 1<<shift, most<<shift)
	outs := make([][]uint16, 1, most)
	for id, k := range keywords {
		state := 0
		for i := range len(k) {
			cell := state<<shift | int(a.class[fold(k[i])])
			if trie[cell] == 0 {
				trie[cell] = uint16(len(outs))
				outs = append(outs, nil)
				trie = trie[:len(trie)+1<<shift]
			}
			state = int(trie[cell])
		}
		outs[state] = append(outs[state], uint16(id))
	}
	states := len(outs)
	if states > 1<<16-1 {
		panic("detect: too many keywords")
	}
	fail := make([]uint16, states)
	queue := make([]uint16, 0, states)
	for c := range 1 << shift {
		if t := trie[c]; t != 0 {
			queue = append(queue, t)
		}
	}
	for q := 0; q < len(queue); q++ {
		s := int(queue[q])
		f := int(fail[s])
		outs[s] = append(outs[s], outs[f]...)
		for c := range 1 << shift {
			cell := s<<shift | c
			if t := trie[cell]; t != 0 {
				fail[t] = trie[f<<shift|c]
				queue = append(queue, t)
			} else {
				trie[cell] = trie[f<<shift|c]
			}
		}
	}
	a.renumber(trie, outs, queue)
}

// renumber takes the states but the first in the order of depth, so that those
// that most bytes lead to lie together.
func (a *automaton) renumber(trie []uint16, outs [][]uint16, order []uint16) {
	number := make([]uint16, len(outs))
	n := uint16(1) // the first state stays the first; no keyword is empty
	for _, s := range order {
		if len(outs[s]) == 0 {
			number[s] = n
			n++
		}
	}
	a.accept = n
	for _, s := range order {
		if len(outs[s]) > 0 {
			number[s] = n
			n++
			a.out = append(a.out, outs[s])
		}
	}
	a.next = make([]uint16, len(trie))
	for s := range outs {
		for c := range 1 << shift {
			a.next[int(number[s])<<shift|c] = number[trie[s<<shift|c]]
		}
	}
}

// lanes is how many pieces of a block are walked at once. One walk waits for
// memory at every byte; four of them wait together.
const lanes = 4

// occurrences are those of a block, a piece after the other.
type occurrences [lanes][]occurrence

// find sets found to the occurrences that end in text[from:to].
func (a *automaton) find(text []byte, from, to int, found *occurrences) {
	size := (to - from) / lanes
	if size <= a.longest {
		for k := range found {
			found[k] = found[k][:0]
		}
		a.walk(text, from, to, 0, a.warm(text, from), found)
		return
	}
	var piece [lanes][]byte
	for k := range lanes {
		start := from + k*size
		piece[k] = text[start : start+size]
		found[k] = found[k][:0]
	}
	next, class, accept := a.next, &a.class, uint(a.accept)
	s0, s1, s2, s3 := uint(a.warm(text, from)), uint(0), uint(0), uint(0)
	// As warm, of three at once.
	w1, w2, w3 := piece[0][size-a.longest:], piece[1][size-a.longest:], piece[2][size-a.longest:]
	for i, b := range w1 {
		s1 = uint(next[s1<<shift|uint(class[b])])
		s2 = uint(next[s2<<shift|uint(class[w2[i]])])
		s3 = uint(next[s3<<shift|uint(class[w3[i]])])
	}
	t0, t1, t2, t3 := piece[0], piece[1][:len(piece[0])], piece[2][:len(piece[0])], piece[3][:len(piece[0])]
	for i, b := range t0 {
		s0 = uint(next[s0<<shift|uint(class[b])])
		s1 = uint(next[s1<<shift|uint(class[t1[i]])])
		s2 = uint(next[s2<<shift|uint(class[t2[i]])])
		s3 = uint(next[s3<<shift|uint(class[t3[i]])])
		if s0 >= accept {
			found[0] = append(found[0], occurrence{from + i + 1, uint16(s0)})
		}
		if s1 >= accept {
			found[1] = append(found[1], occurrence{from + size + i + 1, uint16(s1)})
		}
		if s2 >= accept {
			found[2] = append(found[2], occurrence{from + 2*size + i + 1, uint16(s2)})
		}
		if s3 >= accept {
			found[3] = append(found[3], occurrence{from + 3*size + i + 1, uint16(s3)})
		}
	}
	a.walk(text, from+lanes*size, to, lanes-1, uint16(s3), found)
}

// warm returns the state before text[i], as if the text before it had been
// walked: what is further back than the longest keyword does not matter.
func (a *automaton) warm(text []byte, i int) uint16 {
	state := uint16(0)
	for _, b := range text[max(0, i-a.longest):i] {
		state = a.next[int(state)<<shift|int(a.class[b])]
	}
	return state
}

// walk appends the occurrences that end in text[from:to] to those of a piece.
func (a *automaton) walk(text []byte, from, to, piece int, state uint16, found *occurrences) {
	for i, b := range text[from:to] {
		state = a.next[int(state)<<shift|int(a.class[b])]
		if state >= a.accept {
			found[piece] = append(found[piece], occurrence{from + i + 1, state})
		}
	}
}

// keywords returns the ids of those that end in the state of an occurrence.
func (a *automaton) keywords(o occurrence) []uint16 { return a.out[o.state-a.accept] }
