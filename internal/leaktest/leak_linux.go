package leaktest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Channel is a kind of place that a canary can get to.
type Channel string

// The channels.
const (
	File   Channel = "file"   // contents of a file, then or at the end
	Name   Channel = "name"   // a file's name, a link's target, an address
	Args   Channel = "args"   // a process's arguments
	Env    Channel = "env"    // a process's environment at its start
	Pipe   Channel = "pipe"   // a pipe, terminal or anonymous memory
	Socket Channel = "socket" // a socket of any family
	Output Channel = "output" // standard output or error
)

// Leak is a canary in a place. It does not hold the value, nor does what it
// prints: names that contain a canary are replaced by a count of bytes.
type Leak struct {
	Channel Channel
	Program string // base name of what the process executed; "" for files found at the end
	Place   string // path, socket, "stdout"…
	Hit
}

// String describes the leak in one line.
func (l Leak) String() string {
	var s strings.Builder
	if l.Canary == "" {
		fmt.Fprintf(&s, "not searched: %s", l.Encoding)
	} else {
		fmt.Fprintf(&s, "canary %q, %s", l.Canary, l.Encoding)
	}
	fmt.Fprintf(&s, ", in %s %s", l.Channel, l.Place)
	if l.Channel == File || l.Channel == Output {
		fmt.Fprintf(&s, " at byte %d", l.Offset)
	}
	if l.Program != "" {
		fmt.Fprintf(&s, " (by %s)", l.Program)
	}
	return s.String()
}

// distinctLeaks sorts leaks and drops those that say the same but for the
// offset: what was written to a file that is still there is found twice.
func distinctLeaks(leaks []Leak) []Leak {
	slices.SortStableFunc(leaks, func(a, b Leak) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Place, b.Place),
			cmp.Compare(a.Canary, b.Canary), cmp.Compare(a.Encoding, b.Encoding), cmp.Compare(a.Offset, b.Offset))
	})
	return slices.CompactFunc(leaks, func(a, b Leak) bool {
		return a.Channel == b.Channel && a.Place == b.Place && a.Canary == b.Canary && a.Encoding == b.Encoding
	})
}

// safeName returns name, or, if it holds a canary, what can be said of it.
func safeName(s *Searcher, name string) string {
	if len(s.Search([]byte(name))) == 0 {
		return name
	}
	return fmt.Sprintf("(a name of %d bytes that holds a canary)", len(name))
}
