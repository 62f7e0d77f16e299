package detect

import (
	"bytes"
	"slices"
	"testing"
)

// TestAutomaton compares the prefilter with a search for each keyword.
func TestAutomaton(t *testing.T) {
	a := builtin().auto
	f := newFake(2)
	var text []byte
	for id := range a.length {
		text = append(text, f.of(b64std, id%7)...)
		text = append(text, keyword(t, id)...)
	}
	for len(text) < 3*blockSize {
		text = append(text, text...)
	}
	want := map[int]int{}
	low := bytes.ToLower(text)
	for id := range a.length {
		k := []byte(keyword(t, id))
		for at := 0; ; {
			i := bytes.Index(low[at:], k)
			if i < 0 {
				break
			}
			at += i + 1
			want[id]++
		}
	}
	got := map[int]int{}
	var found occurrences
	for from := 0; from < len(text); from += blockSize {
		a.find(text, from, min(from+blockSize, len(text)), &found)
		last := 0
		for _, piece := range found {
			for _, o := range piece {
				if o.end < last {
					t.Fatalf("occurrence at %d after one at %d", o.end, last)
				}
				last = o.end
				for _, id := range a.keywords(o) {
					got[int(id)]++
				}
			}
		}
	}
	for id, n := range want {
		if got[id] != n {
			t.Errorf("keyword %q: %d found, %d there", keyword(t, id), got[id], n)
		}
	}
}

// TestAutomatonCuts: that a block is walked in pieces changes nothing, wherever
// they meet.
func TestAutomatonCuts(t *testing.T) {
	a := builtin().auto
	f := newFake(3)
	var text []byte
	for id := range a.length {
		text = append(text, f.of(b64std, id%3)...)
		text = append(text, keyword(t, id)...)
	}
	var found, want occurrences
	for n := range 6 * a.longest {
		for from := n % 64; from+n <= len(text); from += 64 {
			want[0] = want[0][:0]
			a.walk(text, from, from+n, 0, a.warm(text, from), &want)
			a.find(text, from, from+n, &found)
			if got := slices.Concat(found[:]...); !slices.Equal(got, want[0]) {
				t.Fatalf("%d bytes at %d: %v, want %v", n, from, got, want[0])
			}
		}
	}
}

// keyword returns the id-th keyword.
func keyword(t *testing.T, id int) string {
	t.Helper()
	return builtin().words[id]
}

func BenchmarkTables(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newTables(builtinRules())
	}
}
