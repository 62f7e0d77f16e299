package detect

import "slices"

// automaton finds every occurrence of a set of keywords, without regard to
// ASCII case, in one pass: Aho and Corasick's machine with all failure links
// resolved into one dense table over classes of bytes.
type automaton struct {
	class   [256]uint32 // byte to column; bytes in no keyword share column 0
	next    *cells
	out     [][]uint16 // for each state, the keywords that end there
	depth   []int      // of each state: how much of a keyword has been seen
	length  []int      // of the keywords
	longest int
}

const (
	shift     = 6 // 64 columns hold the letters, digits and punctuation of the keywords
	maxStates = 1 << 12
)

// cells is the table: for each state a row of columns. A cell holds where the
// row of the next state begins, and the bit ends when a keyword ends there.
// That a cell is an index already, and that no index can be out of range, is
// what makes a step cheap.
type cells [maxStates << shift]uint32

const (
	cellIndex = maxStates<<shift - 1
	ends      = 1 << 31
)

// step returns the cell that follows the cell s on a byte of column c.
func (t *cells) step(s, c uint32) uint32 { return t[(s|c)&cellIndex] }

// occurrence is a keyword's: where it ends, and the state it was seen in.
type occurrence struct {
	end   int
	state uint16
}

func occurs(end int, cell uint32) occurrence {
	return occurrence{end, uint16(cell & cellIndex >> shift)}
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
				a.class[b] = uint32(columns)
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

// build makes the trie, resolves the failure links breadth first, and numbers
// the states in that order.
func (a *automaton) build(keywords []string) {
	most := 1
	for _, k := range keywords {
		most += len(k)
	}
	trie := make([]uint16, 1<<shift, most<<shift)
	outs := make([][]uint16, 1, most)
	depths := make([]int, 1, most)
	for id, k := range keywords {
		state := 0
		for i := range len(k) {
			cell := state<<shift | int(a.class[fold(k[i])])
			if trie[cell] == 0 {
				trie[cell] = uint16(len(outs))
				outs = append(outs, nil)
				depths = append(depths, i+1)
				trie = trie[:len(trie)+1<<shift]
			}
			state = int(trie[cell])
		}
		outs[state] = append(outs[state], uint16(id))
	}
	states := len(outs)
	if states > maxStates {
		panic("detect: too many keywords")
	}
	fail := make([]uint16, states)
	queue := make([]uint16, 1, states) // the first state is the root
	for c := range 1 << shift {
		if t := trie[c]; t != 0 {
			queue = append(queue, t)
		}
	}
	for q := 1; q < len(queue); q++ {
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
	a.number(trie, outs, depths, queue)
}

// number fills the table with the states in the order of depth, so that those
// that most bytes lead to lie together.
func (a *automaton) number(trie []uint16, outs [][]uint16, depths []int, order []uint16) {
	cell := make([]uint32, len(outs))
	a.out = make([][]uint16, len(outs))
	a.depth = make([]int, len(outs))
	for n, s := range order {
		a.depth[n] = depths[s]
		cell[s] = uint32(n) << shift
		if a.out[n] = outs[s]; len(outs[s]) > 0 {
			cell[s] |= ends
		}
	}
	a.next = new(cells)
	for n, s := range order {
		for c := range 1 << shift {
			a.next[n<<shift|c] = cell[trie[int(s)<<shift|c]]
		}
	}
}

// lanes is how many pieces of a block are walked at once. One walk waits for
// memory at every byte; four of them wait together. A block is worth cutting when
// its pieces have leastPiece bytes at least.
const (
	lanes      = 4
	leastPiece = 16
)

// occurrences are those of a block, a piece after the other.
type occurrences [lanes][]occurrence

// find sets found to the occurrences that end in text[from:to].
func (a *automaton) find(text []byte, from, to int, found *occurrences) {
	size := (to - from) / lanes
	for k := range found {
		found[k] = found[k][:0]
	}
	if size < leastPiece {
		a.walk(text, from, to, 0, a.warm(text, from), found)
		return
	}
	var piece [lanes][]byte
	for k := range lanes {
		start := from + k*size
		piece[k] = text[start : start+size]
	}
	next, class := a.next, &a.class
	s0, s1, s2, s3 := a.warm(text, from), uint32(0), uint32(0), uint32(0)
	t0 := piece[0]
	t1, t2, t3 := piece[1][:len(t0)], piece[2][:len(t0)], piece[3][:len(t0)]
	for i, b := range t0 {
		s0 = next.step(s0, class[b])
		s1 = next.step(s1, class[t1[i]])
		s2 = next.step(s2, class[t2[i]])
		s3 = next.step(s3, class[t3[i]])
		if (s0|s1|s2|s3)&ends == 0 {
			continue
		}
		for k, s := range [lanes]uint32{s0, s1, s2, s3} {
			if s&ends != 0 {
				found[k] = append(found[k], occurs(from+k*size+i+1, s))
			}
		}
	}
	a.walk(text, from+lanes*size, to, lanes-1, s3, found)
	for k, s := range [...]uint32{s2, s1, s0} {
		a.across(text, from, to, from+(lanes-1-k)*size, s, found)
	}
}

// across adds the occurrences that begin before text[border] and end behind it;
// s is the cell of the walk that ends there. It is asked for the last border
// first: the state of a walk that began earlier stands for all that a later one
// has seen to end at the same byte.
func (a *automaton) across(text []byte, from, to, border int, s uint32, found *occurrences) {
	for i := border; i < to && a.depth[s&cellIndex>>shift] > i-border; {
		s = a.next.step(s, a.class[text[i]])
		i++
		if o := occurs(i, s); s&ends != 0 && a.depth[o.state] > i-border {
			k := min((i-1-from)/((to-from)/lanes), lanes-1)
			n, seen := slices.BinarySearchFunc(found[k], i, func(o occurrence, end int) int { return o.end - end })
			if seen {
				found[k][n] = o
			} else {
				found[k] = slices.Insert(found[k], n, o)
			}
		}
	}
}

// any reports whether a keyword is in text.
func (a *automaton) any(text []byte) bool {
	s := uint32(0)
	for _, b := range text {
		if s = a.next.step(s, a.class[b]); s&ends != 0 {
			return true
		}
	}
	return false
}

// warm returns the cell before text[i], as if the text before it had been
// walked: what is further back than the longest keyword does not matter.
func (a *automaton) warm(text []byte, i int) uint32 {
	s := uint32(0)
	for _, b := range text[max(0, i-a.longest):i] {
		s = a.next.step(s, a.class[b])
	}
	return s
}

// walk appends the occurrences that end in text[from:to] to those of a piece.
func (a *automaton) walk(text []byte, from, to, piece int, s uint32, found *occurrences) {
	for i, b := range text[from:to] {
		s = a.next.step(s, a.class[b])
		if s&ends != 0 {
			found[piece] = append(found[piece], occurs(from+i+1, s))
		}
	}
}

// keywords returns the ids of those that end in the state of an occurrence.
func (a *automaton) keywords(o occurrence) []uint16 { return a.out[o.state] }
