// Package edit changes byte ranges of an immutable source and leaves every
// other byte as it was.
//
// Edits are queued in any order and spliced once. Two edits may touch but not
// overlap; what was asked for at the same empty place keeps the order of asking.
// The package knows nothing of what the bytes mean.
package edit

import (
	"fmt"
	"slices"
)

// Buffer is a source with the edits queued for it.
type Buffer struct {
	src   []byte
	edits []change
}

type change struct {
	start, end int
	text       string
}

// New returns a Buffer over src, which must not change while it is in use.
func New(src []byte) *Buffer { return &Buffer{src: src} }

// Replace queues text for the bytes [start, end) of the source. It panics when
// the range is not in the source: that is the caller's error, not the input's.
func (b *Buffer) Replace(start, end int, text string) {
	if start < 0 || end < start || end > len(b.src) {
		panic(fmt.Sprintf("edit: range [%d,%d) of a source of %d bytes", start, end, len(b.src)))
	}
	b.edits = append(b.edits, change{start, end, text})
}

// Insert queues text before the byte at offset at.
func (b *Buffer) Insert(at int, text string) { b.Replace(at, at, text) }

// Len is the number of edits queued.
func (b *Buffer) Len() int { return len(b.edits) }

// Filter forgets the edits queued so far for whose range keep returns false.
func (b *Buffer) Filter(keep func(start, end int) bool) {
	b.edits = slices.DeleteFunc(b.edits, func(c change) bool { return !keep(c.start, c.end) })
}

// Bytes returns the source with all edits applied. Without edits it is the
// source itself. The error says which two edits overlap.
func (b *Buffer) Bytes() ([]byte, error) {
	if len(b.edits) == 0 {
		return b.src, nil
	}
	edits := slices.Clone(b.edits)
	slices.SortStableFunc(edits, func(x, y change) int {
		if x.start != y.start {
			return x.start - y.start
		}
		return x.end - y.end
	})
	size := len(b.src)
	for i, e := range edits {
		size += len(e.text) - (e.end - e.start)
		if i > 0 && edits[i-1].end > e.start {
			p := edits[i-1]
			return nil, fmt.Errorf("edits overlap: bytes %d-%d and %d-%d", p.start, p.end, e.start, e.end)
		}
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range edits {
		out = append(append(out, b.src[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, b.src[at:]...), nil
}
