package ruleset

import "bytes"

// maxKeyword is how long a keyword may be, in bytes.
const maxKeyword = 256

// keywords finds words without regard to ASCII case, in one pass however many
// they are: three bytes at a time are looked up in a table of bits, and what is
// in it in a map.
type keywords struct {
	words [][]byte
	bits  [1 << (hashBits - 6)]uint64
	from  map[uint32][]int32 // the words that begin with three bytes
	short [256][]int32       // words of one byte or two, by the first
	any   bool               // there are short words
}

const hashBits = 15

func hash(v uint32) uint32 { return (v * 0x9E3779B1) >> (32 - hashBits) }

func fold(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func foldASCII(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = fold(b[i])
	}
	return string(b)
}

func newKeywords(words []string) *keywords {
	k := &keywords{from: map[uint32][]int32{}}
	for i, w := range words {
		k.words = append(k.words, []byte(w))
		if len(w) < 3 {
			k.short[w[0]] = append(k.short[w[0]], int32(i))
			k.any = true
			continue
		}
		v := uint32(w[0])<<16 | uint32(w[1])<<8 | uint32(w[2])
		k.bits[hash(v)>>6] |= 1 << (hash(v) & 63)
		k.from[v] = append(k.from[v], int32(i))
	}
	return k
}

// find calls emit with each occurrence of a word, in order of where it starts.
func (k *keywords) find(text []byte, emit func(word int32, start int)) {
	if len(k.words) == 0 {
		return
	}
	at := func(list []int32, i int) {
		for _, w := range list {
			if n := len(k.words[w]); i+n <= len(text) && equalFold(text[i:i+n], k.words[w]) {
				emit(w, i)
			}
		}
	}
	v := uint32(0)
	for i, b := range text {
		b = fold(b)
		v = (v<<8 | uint32(b)) & 0xffffff
		if k.any && k.short[b] != nil {
			at(k.short[b], i)
		}
		if h := hash(v); k.bits[h>>6]&(1<<(h&63)) != 0 && i >= 2 {
			at(k.from[v], i-2)
		}
	}
}

// equalFold compares a text with a word in lower case, of the same length.
func equalFold(text, word []byte) bool {
	for i, b := range text {
		if fold(b) != word[i] {
			return false
		}
	}
	return true
}

// hasKeyword reports whether the rule would be tried on a text.
func (r *Rule) hasKeyword(text []byte) bool {
	if len(r.keywords) == 0 {
		return true
	}
	lower := []byte(foldASCII(string(text)))
	for _, k := range r.keywords {
		if bytes.Contains(lower, []byte(k)) {
			return true
		}
	}
	return false
}
