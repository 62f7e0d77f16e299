package notebook

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Strip says what is to be taken out of a notebook. The zero Strip takes out
// only what the notebook itself says should go.
//
// A cell's metadata "keep_output", its tag "keep_output", and the notebook's own
// metadata "keep_output" decide about outputs before Outputs does, the nearest
// first; while Outputs is set, a cell's "init_cell" does so as well. These are
// nbstripout's: https://github.com/kynan/nbstripout#keeping-some-output
type Strip struct {
	Outputs bool // outputs go
	// MaxOutput is the size up to which an output stays that would go: the sum
	// of the lengths of its strings, in code points, and of its numbers.
	MaxOutput int
	// KeepOutputTypes are the outputs that stay, DropOutputTypes those that go
	// in any case: "error", "stream", "stream:stderr"…
	KeepOutputTypes, DropOutputTypes []string

	Counts bool // execution counts become null
	IDs    bool // ids become the cells' numbers, from 0

	// Keys are removed from the notebook ("metadata.KEY") and from its cells
	// ("cell.metadata.KEY", "cell.attachments.KEY"); KEY may be several keys
	// joined by dots.
	Keys []string
	// CellMetadata empties the metadata of cells but for KeepCellMetadata, and
	// NotebookMetadata that of the notebook.
	CellMetadata, NotebookMetadata bool
	KeepCellMetadata               []string

	EmptyCells  bool     // cells go whose source is nothing but white space
	TaggedCells []string // cells go that have one of these tags
	InitCells   bool     // "init_cell" keeps no outputs
}

// Concerns reports whether there may be anything to take out of src. It is cheap.
func (s *Strip) Concerns(src []byte) bool {
	return s.Outputs || len(s.KeepOutputTypes) > 0 || len(s.DropOutputTypes) > 0 || s.Counts || s.IDs || len(s.Keys) > 0 ||
		s.CellMetadata || s.NotebookMetadata || s.EmptyCells || len(s.TaggedCells) > 0 || bytes.Contains(src, []byte("keep_output"))
}

// Splice replaces bytes [Start, End) of a file.
type Splice struct {
	Start, End int
	With       string
}

// Stripped is what a Strip does to one notebook.
type Stripped struct {
	// Splices are in order and do not overlap.
	Splices []Splice
	bare    []bool // for each cell: it is gone, or has no output left
	dropped []bool // for each cell: it is gone
}

// Dropped reports whether the cell of that number, from 1, goes.
func (s *Stripped) Dropped(cell int) bool {
	return cell > 0 && cell <= len(s.dropped) && s.dropped[cell-1]
}

// Bare reports whether all outputs of the cell of that number, from 1, go.
func (s *Stripped) Bare(cell int) bool { return cell > 0 && cell <= len(s.bare) && s.bare[cell-1] }

// Covers reports whether bytes [start, end) lie in what goes.
func (s *Stripped) Covers(start, end int) bool {
	n, found := slices.BinarySearchFunc(s.Splices, start, func(x Splice, at int) int { return x.Start - at })
	if !found {
		n--
	}
	return n >= 0 && end <= s.Splices[n].End
}

// Plan tells what is to be done to the notebook src. Metadata that tells which
// outputs to keep stays, or else the result of a second time would be another.
// The error is a *SyntaxError for what is not JSON, or says that a cell
// contradicts itself.
func (s *Strip) Plan(src []byte) (*Stripped, error) {
	p := &stripper{Strip: s, src: src, out: new(Stripped)}
	for _, k := range s.Keys {
		for above, keys := range map[string]*[]string{"metadata.": &p.notebookKeys, "cell.metadata.": &p.cellKeys, "cell.attachments.": &p.attachmentKeys} {
			if key, ok := strings.CutPrefix(k, above); ok {
				*keys = append(*keys, key)
			}
		}
	}
	top, err := p.top()
	if err != nil {
		return nil, err
	}
	outputs := p.Outputs
	for _, m := range top {
		if m.key == "metadata" {
			if keep, said := p.keepOutput(p.object(m.val.start)); said {
				outputs = !keep
			}
		}
	}
	for _, m := range top {
		switch m.key {
		case "metadata":
			p.notebookMetadata(m.val)
		case "cells":
			p.cells(m.val, outputs)
		case "worksheets":
			for _, sheet := range p.array(m.val.start) {
				for _, m := range p.object(sheet.start) {
					if m.key == "cells" {
						p.cells(m.val, outputs)
					}
				}
			}
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	slices.SortFunc(p.out.Splices, func(a, b Splice) int { return a.Start - b.Start })
	return p.out, nil
}

// stripper makes one plan.
type stripper struct {
	*Strip
	src                                    []byte
	notebookKeys, cellKeys, attachmentKeys []string // of Keys, without what is above
	kept                                   int      // cells that stay, so far
	out                                    *Stripped
	err                                    error
}

func (p *stripper) notebookMetadata(v value) {
	steers := func(m entry) bool { return m.key == "keep_output" }
	if p.NotebookMetadata {
		p.remove(v, p.object(v.start), func(m entry) bool { return !steers(m) })
		return
	}
	p.removeKeys(v, p.notebookKeys, steers)
}

func (p *stripper) cells(v value, outputs bool) {
	var gone []bool
	list := p.array(v.start)
	for _, c := range list {
		cell := p.object(c.start)
		drop := p.isDropped(cell)
		gone = append(gone, drop)
		p.out.dropped = append(p.out.dropped, drop)
		if drop {
			p.out.bare = append(p.out.bare, true)
			continue
		}
		p.cell(cell, outputs)
		p.kept++
	}
	elements := make([]entry, len(list))
	for i, c := range list {
		elements[i] = entry{start: c.start, val: c}
	}
	i := -1
	p.remove(v, elements, func(entry) bool { i++; return gone[i] })
}

func (p *stripper) isDropped(cell []entry) bool {
	blank := p.EmptyCells
	for _, m := range cell {
		switch m.key {
		case "source", "input":
			blank = blank && p.isBlank(m.val)
		case "metadata":
			if len(p.TaggedCells) == 0 {
				continue
			}
			for _, t := range p.TaggedCells {
				if p.hasTag(p.object(m.val.start), t) {
					return true
				}
			}
		}
	}
	return blank
}

func (p *stripper) isBlank(v value) bool {
	switch p.src[v.start] {
	case '"':
		return strings.TrimSpace(decodeString(p.src, v)) == ""
	case '[':
		return !slices.ContainsFunc(p.array(v.start), func(v value) bool { return !p.isBlank(v) })
	}
	return false
}

func (p *stripper) cell(cell []entry, outputs bool) {
	keep := !outputs
	for _, m := range cell {
		if m.key == "metadata" {
			keep = p.cellKeeps(p.object(m.val.start), keep)
		}
	}
	bare := false
	for _, m := range cell {
		switch m.key {
		case "outputs":
			bare = p.outputs(m.val, keep)
		case "execution_count", "prompt_number":
			if p.Counts {
				p.set(m.val, "null")
			}
		case "id":
			if p.IDs {
				p.set(m.val, strconv.Quote(strconv.Itoa(p.kept)))
			}
		case "metadata":
			if p.CellMetadata {
				p.remove(m.val, p.object(m.val.start), func(e entry) bool {
					return !slices.Contains(p.KeepCellMetadata, e.key) && !p.steers(e)
				})
				continue
			}
			p.removeKeys(m.val, p.cellKeys, p.steers)
		case "attachments":
			p.removeKeys(m.val, p.attachmentKeys, func(entry) bool { return false })
		}
	}
	p.out.bare = append(p.out.bare, bare)
}

// steers reports whether an entry of a cell's metadata tells which outputs stay.
func (p *stripper) steers(e entry) bool {
	return e.key == "keep_output" || e.key == "init_cell" || e.key == "tags" && p.hasElement(e.val, "keep_output")
}

func (p *stripper) cellKeeps(metadata []entry, keep bool) bool {
	for _, e := range metadata {
		if e.key == "init_cell" && p.Outputs {
			return p.isTrue(e.val) && !p.InitCells
		}
	}
	said, tagged := false, p.hasTag(metadata, "keep_output")
	if k, ok := p.keepOutput(metadata); ok {
		said, keep = true, k
	}
	if said && tagged && !keep && p.err == nil {
		p.err = fmt.Errorf("cell %d: its metadata says that keep_output is false, its tags say keep_output", len(p.out.bare)+1)
	}
	return keep || tagged
}

func (p *stripper) keepOutput(metadata []entry) (keep, said bool) {
	for _, e := range metadata {
		if e.key == "keep_output" {
			keep, said = p.isTrue(e.val), true
		}
	}
	return keep, said
}

func (p *stripper) hasTag(metadata []entry, tag string) bool {
	return slices.ContainsFunc(metadata, func(e entry) bool { return e.key == "tags" && p.hasElement(e.val, tag) })
}

func (p *stripper) hasElement(list value, s string) bool {
	return slices.ContainsFunc(p.array(list.start), func(v value) bool {
		return p.src[v.start] == '"' && keyString(p.src, v) == s
	})
}

// isTrue is what Python takes for true.
func (p *stripper) isTrue(v value) bool {
	switch p.src[v.start] {
	case 't':
		return true
	case '"':
		return v.end-v.start > 2
	case '[':
		return len(p.array(v.start)) > 0
	case '{':
		return len(p.object(v.start)) > 0
	case 'f', 'n':
		return false
	}
	n, err := strconv.ParseFloat(string(p.src[v.start:v.end]), 64)
	return n != 0 || err != nil
}

// outputs strips a cell's list of outputs. It reports whether all of them go.
func (p *stripper) outputs(v value, keep bool) (bare bool) {
	list := p.array(v.start)
	elements := make([]entry, len(list))
	gone := make([]bool, len(list))
	bare = true
	for i, o := range list {
		elements[i] = entry{start: o.start, val: o}
		gone[i] = p.isOutputGone(o, keep)
		bare = bare && gone[i]
		if gone[i] || !p.Counts {
			continue
		}
		for _, m := range p.object(o.start) {
			if m.key == "execution_count" {
				p.set(m.val, "null")
			}
		}
	}
	i := -1
	p.remove(v, elements, func(entry) bool { i++; return gone[i] })
	return bare
}

func (p *stripper) isOutputGone(o value, keep bool) bool {
	if p.isOfType(o, p.DropOutputTypes) {
		return true
	}
	if keep && len(p.KeepOutputTypes) == 0 || p.isOfType(o, p.KeepOutputTypes) {
		return false
	}
	return p.MaxOutput == 0 || p.size(o) > p.MaxOutput
}

// isOfType reports whether an output is one of types.
func (p *stripper) isOfType(o value, types []string) bool {
	if len(types) == 0 {
		return false
	}
	kind, name := "", ""
	for _, m := range p.object(o.start) {
		if p.src[m.val.start] != '"' {
			continue
		}
		switch m.key {
		case "output_type":
			kind = keyString(p.src, m.val)
		case "name", "stream":
			name = keyString(p.src, m.val)
		}
	}
	return slices.ContainsFunc(types, func(t string) bool {
		k, n, named := strings.Cut(t, ":")
		return k == kind && (!named || n == name)
	})
}

func (p *stripper) size(v value) int {
	switch p.src[v.start] {
	case '"':
		return utf8.RuneCountInString(decodeString(p.src, v))
	case '[':
		n := 0
		for _, e := range p.array(v.start) {
			n += p.size(e)
		}
		return n
	case '{':
		n := 0
		for _, e := range p.object(v.start) {
			n += p.size(e.val)
		}
		return n
	}
	return v.end - v.start
}
