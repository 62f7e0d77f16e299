package notebook

import "github.com/nbseal/nbseal/internal/finding"

// Scratch is memory for reading one notebook after the other.
// The zero Scratch is ready.
type Scratch struct {
	// Dull, if set, is asked about the strings of metadata and JSON, with the key
	// that they are the value of, before units are made of them: Each makes none of
	// those it calls dull. It must not keep them.
	Dull func(text, name []byte) bool

	leaf    leafUnits
	unit    Unit
	place   finding.Place
	strands []strand
	pieces  []piece
	text    []byte
	path    []byte
	name    []byte

	cells   []cell
	strings []quoted
}

// Parse is [Parse], with s for memory: the notebook before is no longer good.
func (s *Scratch) Parse(src []byte) (*Notebook, error) {
	nb := &Notebook{src: src, cells: s.cells[:0], strings: s.strings[:0]}
	err := nb.parse()
	s.cells, s.strings = nb.cells, nb.strings
	if err != nil {
		return nil, err
	}
	return nb, nil
}

// Each yields what [Notebook.Units] yields, but every unit, its place and its
// text are good only until yield returns: the next one takes their memory. What
// [Unit.Locate] returns stays good.
func (nb *Notebook) Each(scratch *Scratch, yield func(*Unit) bool) {
	nb.scratch = scratch
	defer func() {
		nb.scratch, scratch.leaf, scratch.unit, scratch.place = nil, leafUnits{}, Unit{}, finding.Place{}
	}()
	nb.Units(yield)
}

// addCell appends an empty cell, which keeps the memory of the one that was in
// its place in the notebook before.
func (nb *Notebook) addCell() *cell {
	n := len(nb.cells)
	if n == cap(nb.cells) {
		nb.cells = append(nb.cells, cell{})
		return &nb.cells[n]
	}
	nb.cells = nb.cells[:n+1]
	cl := &nb.cells[n]
	*cl = cell{sources: cl.sources[:0], outputs: cl.outputs[:0], attach: cl.attach[:0], rest: cl.rest[:0]}
	return cl
}

// addOutput is addCell for an output.
func (cl *cell) addOutput() *output {
	n := len(cl.outputs)
	if n == cap(cl.outputs) {
		cl.outputs = append(cl.outputs, output{})
		return &cl.outputs[n]
	}
	cl.outputs = cl.outputs[:n+1]
	o := &cl.outputs[n]
	*o = output{texts: o.texts[:0], rest: o.rest[:0]}
	return o
}
