package leaktest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// maxDepth bounds streams within streams: gzip in base64 in zlib is three.
const maxDepth = 3

// A Searcher finds canaries in bytes.
//
// Encodings: clear, lower and upper case, reversed, one character at a time
// with common separators, hex, percent, \x, \u and octal escapes, HTML
// entities, quoted-printable, lists of numbers, base64 and base64url at every
// alignment, base32, UTF-16 of both orders, unsalted digests of the whole
// value, and all of these inside gzip, zlib, bzip2, zip and base64 streams.
type Searcher struct {
	needles []needle
	// Needles by their first four bytes, and a bit for each first two bytes
	// that some needle has: most offsets are done with after the bit.
	byPrefix map[uint32][]int
	starts   [1 << 16 / 64]uint64
	limit    int // bytes that a stream may grow to
}

type needle struct {
	canary, encoding string
	text             []byte
}

// Hit is a canary found in some bytes. It does not hold the value.
type Hit struct {
	Canary   string // its name; "" if something could not be searched
	Encoding string // how it was written, or what could not be searched and why
	Offset   int    // in bytes, of the outermost stream
}

// newSearcher returns a Searcher for canaries.
func newSearcher(canaries []canary) *Searcher {
	s := &Searcher{byPrefix: map[uint32][]int{}, limit: maxUnpacked}
	for _, c := range canaries {
		for _, f := range digests(c.value) {
			s.add(needle{c.name, f.encoding, f.text})
		}
		for _, run := range c.runs {
			for _, f := range forms(run) {
				s.add(needle{c.name, f.encoding, f.text})
			}
		}
	}
	return s
}

func (s *Searcher) add(n needle) {
	s.needles = append(s.needles, n)
	start := binary.LittleEndian.Uint16(n.text)
	s.starts[start/64] |= 1 << (start % 64)
	prefix := binary.LittleEndian.Uint32(n.text)
	s.byPrefix[prefix] = append(s.byPrefix[prefix], len(s.needles)-1)
}

// Search returns where data holds a canary, ordered by offset; of one canary in
// one encoding only the first place.
func (s *Searcher) Search(data []byte) []Hit {
	hits := s.search(data, 0)
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Offset, b.Offset) })
	seen := map[Hit]bool{}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		key := Hit{Canary: h.Canary, Encoding: h.Encoding}
		if seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}

func (s *Searcher) search(data []byte, depth int) []Hit {
	hits := s.literal(data)
	if depth == maxDepth {
		return hits
	}
	for _, inner := range unpack(data, s.limit) {
		if inner.cut {
			hits = append(hits, Hit{"", inner.kind + " stream larger than the limit", inner.offset})
		}
		for _, h := range s.search(inner.data, depth+1) {
			hits = append(hits, Hit{h.Canary, fmt.Sprintf("%s in %s", h.Encoding, inner.kind), inner.offset})
		}
	}
	return hits
}

// literal looks for the needles as they are.
func (s *Searcher) literal(data []byte) []Hit {
	var hits []Hit
	for i := 0; i+4 <= len(data); i++ {
		start := binary.LittleEndian.Uint16(data[i:])
		if s.starts[start/64]&(1<<(start%64)) == 0 {
			continue
		}
		for _, n := range s.byPrefix[binary.LittleEndian.Uint32(data[i:])] {
			if needle := s.needles[n]; bytes.HasPrefix(data[i:], needle.text) {
				hits = append(hits, Hit{needle.canary, needle.encoding, i})
			}
		}
	}
	return hits
}
