package scan

import (
	"hash/maphash"

	"github.com/nbseal/nbseal/internal/detect"
)

// seenSlots is how many texts a worker remembers, at 16 bytes each.
const seenSlots = 1 << 18

// seen remembers texts that nothing was found in, so that of a notebook's next
// version only the cells that changed are searched again: what is found depends
// on the input alone ([detect.Detector.Find]). It knows them by 128 bits of hash
// whose seeds are drawn anew in each process, and forgets one where another takes
// its slot. It is not safe for concurrent use.
type seen struct {
	seeds [2]maphash.Seed
	slots [][2]uint64
}

func newSeen() *seen {
	return &seen{[2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, make([][2]uint64, seenSlots)}
}

// find is d.Find, and does nothing where that would find nothing again.
func (s *seen) find(d *detect.Detector, in detect.Input, emit func(detect.Match)) {
	sum := s.sum(in)
	slot := &s.slots[sum[0]%seenSlots]
	if *slot == sum {
		return
	}
	found := false
	d.Find(in, func(m detect.Match) {
		found = true
		emit(m)
	})
	if !found {
		*slot = sum
	}
}

// sum is never that of an empty slot.
func (s *seen) sum(in detect.Input) (sum [2]uint64) {
	for i, seed := range s.seeds {
		sum[i] = maphash.Comparable(seed, struct {
			text     uint64
			key      string
			language detect.Language
		}{maphash.Bytes(seed, in.Text), in.Key, in.Language})
	}
	sum[1] |= 1
	return sum
}
