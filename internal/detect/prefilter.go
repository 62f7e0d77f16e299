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

// node is one of the trie's; its children are a list.
type node struct {
	child, sibling uint16 // nodes; 0: none
	column         uint8
	out            []uint16
}

// build makes the trie, and of it the table, breadth first: a state's row is that
// of its failure link but for its own children. So the states that most bytes lead
// to lie together.
func (a *automaton) build(keywords []string) {
	trie := make([]node, 1, maxStates)
	for id, k := range keywords {
		at := uint16(0)
		for i := range len(k) {
			at = descend(&trie, at, uint8(a.class[fold(k[i])]))
		}
		trie[at].out = append(trie[at].out, uint16(id))
	}
	a.next = new(cells)
	a.out, a.depth = make([][]uint16, 1, len(trie)), make([]int, 1, len(trie))
	fail := make([]uint32, 1, len(trie)) // where the row of the failure link begins
	queue := make([]uint16, 1, len(trie))
	for n := 0; n < len(queue); n++ {
		row := a.next[n<<shift : (n+1)<<shift]
		if n > 0 {
			copy(row, a.next[fail[n]:fail[n]+1<<shift])
		}
		for c := trie[queue[n]].child; c != 0; c = trie[c].sibling {
			cell := uint32(len(queue)) << shift
			back := row[trie[c].column] & cellIndex
			out := append(trie[c].out, a.out[back>>shift]...)
			if len(out) > 0 {
				cell |= ends
			}
			row[trie[c].column] = cell
			queue, fail = append(queue, c), append(fail, back)
			a.out, a.depth = append(a.out, out), append(a.depth, a.depth[n]+1)
		}
	}
}

// descend returns the child of a node on a column, and makes it if need be.
func descend(trie *[]node, at uint16, column uint8) uint16 {
	t := *trie
	for c := t[at].child; c != 0; c = t[c].sibling {
		if t[c].column == column {
			return c
		}
	}
	if len(t) == maxStates {
		panic("detect: too many keywords")
	}
	made := uint16(len(t))
	*trie = append(t, node{sibling: t[at].child, column: column})
	(*trie)[at].child = made
	return made
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
