package redact

import (
	"sort"
	"strings"
)

// maxStates bounds the automaton's memory, at 13 bytes a state.
const maxStates = 1 << 24

// automaton is Aho and Corasick's: its state after a text is the longest suffix
// of that text which begins a form. State 0 is the empty suffix.
//
// Forms are long and share little, so nearly every state has one child, and
// that is the next state: forms are added one after another. Only the other
// states have a node.
type automaton struct {
	label []byte  // the byte that leads to the next state
	fail  []int32 // the longest proper suffix that also begins a form
	depth []int32 // length of the suffix
	nodes []int32 // index into special, or -1
	root  [256]int32

	special []node
	owners  []owner
	whole   map[int32]int32 // for states of depth < releasable: length of the shortest form through it
	ends    map[string]bool // what forms end with, up to the length of a marker's beginning

	// While in state 0, the search looks at the last three bytes of a window as
	// long as the shortest form and moves on by the least distance at which
	// some form has these three (Wu and Manber).
	window   int
	prefixes [][maxWindow]byte
	shift    [1 << shiftBits]uint8
}

// node is what a state has beyond one child that is the next state.
type node struct {
	chain  bool // the next state is a child, by label
	edges  []edge
	length int32 // of the longest form that ends here; 0 when none does
	secret int32 // its secret
}

type edge struct {
	label byte
	to    int32
}

// owner says that the states from first on were made for a secret.
type owner struct{ first, secret int32 }

const (
	maxWindow = 16
	shiftBits = 15
)

func newAutomaton() *automaton {
	return &automaton{
		label: []byte{0}, fail: []int32{0}, depth: []int32{0}, nodes: []int32{-1},
		whole: map[int32]int32{}, ends: map[string]bool{}, window: maxWindow,
	}
}

// note returns what is special about a state.
func (a *automaton) note(s int32) (*node, bool) {
	if a.nodes[s] < 0 {
		return nil, false
	}
	return &a.special[a.nodes[s]], true
}

// mark makes a state special, which up to now had one child, and returns how.
func (a *automaton) mark(s int32) *node {
	if n, ok := a.note(s); ok {
		return n
	}
	a.nodes[s] = int32(len(a.special))
	a.special = append(a.special, node{chain: true})
	return &a.special[len(a.special)-1]
}

// child returns the state one byte further, 0 if there is none.
func (a *automaton) child(s int32, c byte) int32 {
	if s == 0 {
		return a.root[c]
	}
	i := a.nodes[s]
	if i < 0 {
		if a.label[s] == c {
			return s + 1
		}
		return 0
	}
	n := &a.special[i]
	if n.chain && a.label[s] == c {
		return s + 1
	}
	for _, e := range n.edges {
		if e.label == c {
			return e.to
		}
	}
	return 0
}

// step returns the state after one more byte.
func (a *automaton) step(s int32, c byte) int32 {
	for {
		if t := a.child(s, c); t != 0 || s == 0 {
			return t
		}
		s = a.fail[s]
	}
}

// leaf reports whether no form goes on from a state.
func (a *automaton) leaf(s int32) bool {
	n, ok := a.note(s)
	return ok && !n.chain && len(n.edges) == 0
}

// add makes the automaton know a form of a secret.
func (a *automaton) add(f form, secret int32) error {
	if len(f.text) < MinLength {
		return nil
	}
	end, err := a.insert(0, f.text, secret)
	if err != nil {
		return err
	}
	for _, tail := range f.tails {
		if _, err := a.insert(end, []byte(tail), secret); err != nil {
			return err
		}
	}
	a.learnEnds(f.text)
	a.window = min(a.window, len(f.text))
	var prefix [maxWindow]byte
	copy(prefix[:], f.text)
	a.prefixes = append(a.prefixes, prefix)
	return nil
}

// learnEnds records with which beginnings of a marker a form may end. Tails are
// letters, digits and padding, none of which begins a marker.
func (a *automaton) learnEnds(text []byte) {
	for i := max(0, len(text)-maxMarker); i < len(text); i++ {
		if strings.IndexByte(markerOpeners, text[i]) >= 0 {
			a.ends[string(text[i:])] = true
		}
	}
}

// insert adds the states that text needs from state s on, and returns the last.
func (a *automaton) insert(s int32, text []byte, secret int32) (int32, error) {
	total := a.depth[s] + int32(len(text))
	for len(text) > 0 {
		t := a.child(s, text[0])
		if t == 0 {
			break
		}
		s, text = t, text[1:]
		a.learnWhole(s, total)
	}
	if len(a.label)+len(text) > maxStates {
		return 0, errTooLarge
	}
	if len(text) > 0 {
		if first := int32(len(a.label)); len(a.owners) == 0 || a.owners[len(a.owners)-1].secret != secret {
			a.owners = append(a.owners, owner{first, secret})
		}
	}
	for _, c := range text {
		s = a.grow(s, c)
		a.learnWhole(s, total)
	}
	if len(text) > 0 { // a new last state has no child yet
		a.nodes[s] = int32(len(a.special))
		a.special = append(a.special, node{})
	}
	if n := a.mark(s); n.length == 0 {
		n.length, n.secret = total, secret
	}
	return s, nil
}

// grow adds one state after s.
func (a *automaton) grow(s int32, c byte) int32 {
	t := int32(len(a.label))
	a.label = append(a.label, 0)
	a.fail = append(a.fail, 0)
	a.depth = append(a.depth, a.depth[s]+1)
	a.nodes = append(a.nodes, -1)
	switch n, special := a.note(s); {
	case s == 0:
		a.root[c] = t
	case t == s+1:
		a.label[s] = c
		if special {
			n.chain = true
		}
	default:
		n = a.mark(s)
		n.edges = append(n.edges, edge{c, t})
	}
	return t
}

func (a *automaton) learnWhole(s, total int32) {
	if a.depth[s] < releasable {
		if old, ok := a.whole[s]; !ok || total < old {
			a.whole[s] = total
		}
	}
}

// finish computes the suffixes, in order of their length, and the shifts.
func (a *automaton) finish() {
	queue := make([]int32, 0, len(a.label))
	for _, t := range a.root {
		if t != 0 {
			queue = append(queue, t)
		}
	}
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		if f, ok := a.note(a.fail[s]); ok && f.length > 0 {
			length, secret := f.length, f.secret // mark may move what f points to
			if n := a.mark(s); n.length == 0 {
				n.length, n.secret = length, secret
			}
		}
		n, special := a.note(s)
		if !special || n.chain {
			a.fail[s+1] = a.step(a.fail[s], a.label[s])
			queue = append(queue, s+1)
		}
		if special {
			for _, e := range n.edges {
				a.fail[e.to] = a.step(a.fail[s], e.label)
				queue = append(queue, e.to)
			}
		}
	}
	for i := range a.shift {
		a.shift[i] = uint8(a.window - 2)
	}
	for _, p := range a.prefixes {
		for k := 0; k+3 <= a.window; k++ {
			h := gram(p[k], p[k+1], p[k+2])
			a.shift[h] = min(a.shift[h], uint8(a.window-3-k))
		}
	}
	clear(a.prefixes)
	a.prefixes = nil
}

func gram(x, y, z byte) uint32 {
	return (uint32(x) | uint32(y)<<8 | uint32(z)<<16) * 0x9E3779B1 >> (32 - shiftBits)
}

// next returns the first position from i on where a form may begin, given that
// none has begun before. It is at most len(text).
func (a *automaton) next(text []byte, i int) int {
	end := i + a.window
	for end <= len(text) {
		g := text[end-3 : end : end]
		d := int(a.shift[gram(g[0], g[1], g[2])])
		if d == 0 {
			break
		}
		end += d
	}
	return end - a.window
}

// secretOf returns the first secret with a form that goes through state s.
func (a *automaton) secretOf(s int32) int32 {
	i := sort.Search(len(a.owners), func(i int) bool { return a.owners[i].first > s })
	return a.owners[i-1].secret
}

// mayRelease reports whether the held text of state s tells little: fewer than
// pausable bytes, and less than half of whichever form it begins.
func (a *automaton) mayRelease(s int32) bool {
	for ; s != 0; s = a.fail[s] {
		if a.depth[s] >= pausable || 2*a.depth[s] >= a.whole[s] {
			return false
		}
	}
	return true
}
