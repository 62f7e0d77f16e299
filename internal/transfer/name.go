package transfer

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nbseal/nbseal/internal/store"
)

// nameOf makes a valid name of a text: the text itself if it is one, else with
// "_" for whatever cannot be in a name.
func nameOf(text string) string {
	if store.ValidateName(text) == nil {
		return text
	}
	name := clean(text)
	if name == "" {
		return "SECRET"
	}
	if store.ValidateName(name) != nil {
		name = "_" + name // a digit at the beginning, or a device of Windows
	}
	return name
}

// clean leaves letters, digits and single "_" between them, at most as many as
// a name may have beside a number.
func clean(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		if r >= 0x80 || !isWord(byte(r)) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		if b.Len() >= store.MaxName-10 {
			break
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), "_")
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// suffixed is "BASE_WHICH", in capitals; BASE alone where which is one of usual.
func suffixed(base, which string, usual ...string) string {
	if slices.Contains(usual, strings.ToLower(which)) {
		return base
	}
	if which = clean(which); which == "" {
		which = "OTHER"
	}
	return base + "_" + strings.ToUpper(which)
}

// settle sees to it that no two items of s have the same name. Of a key that is
// there twice the last counts, as for the programs that read such files.
func (s *Source) settle() {
	last := map[string]int{}
	for i, it := range s.Items {
		last[it.Key] = i
	}
	kept := s.Items[:0]
	for i, it := range s.Items {
		if l := last[it.Key]; l != i {
			s.Skipped = append(s.Skipped, Skip{it.Key, it.Line, fmt.Sprintf("line %d sets it again", s.Items[l].Line), false})
			it.Value.Wipe()
			continue
		}
		kept = append(kept, it)
	}
	clear(s.Items[len(kept):])
	s.Items = kept
	Settle(s)
}

// Settle sees to it that no two items of the sources have the same name, on any
// file system: upper and lower case count as the same. Of two with one value the
// later is left out; of two with different values the later gets a number, "_2"
// and up.
func Settle(sources ...*Source) {
	type first struct {
		item Item
		path string
	}
	names := map[string]first{}
	next := map[string]int{}
	for _, s := range sources {
		kept := s.Items[:0]
		for _, it := range s.Items {
			folded := strings.ToLower(it.Name)
			if old, taken := names[folded]; taken {
				if old.item.Value.Equal(it.Value) {
					s.Skipped = append(s.Skipped, Skip{it.Key, it.Line, fmt.Sprintf("it is the same as %s from line %d of %q", old.item.Name, old.item.Line, old.path), false})
					it.Value.Wipe()
					continue
				}
				base := it.Name
				for n := max(next[folded], 2); taken; n++ {
					it.Name = base + "_" + strconv.Itoa(n)
					_, taken = names[strings.ToLower(it.Name)]
					next[folded] = n + 1
				}
			}
			names[strings.ToLower(it.Name)] = first{it, s.Path}
			kept = append(kept, it)
		}
		clear(s.Items[len(kept):])
		s.Items = kept
	}
}

// placeholder knows what stands in templates where a value belongs.
func placeholder(value []byte) bool {
	if len(value) > 200 {
		return false
	}
	v := bytes.ToLower(bytes.TrimSpace(value))
	if slices.Contains([]string{"changeme", "change_me", "change-me", "replaceme", "replace_me", "replace-me", "todo", "tbd", "fixme", "placeholder", "none", "null", "undefined"}, string(v)) {
		return true
	}
	inner := func(open, end string) bool {
		return len(v) >= len(open)+len(end) && bytes.HasPrefix(v, []byte(open)) && bytes.HasSuffix(v, []byte(end)) &&
			!bytes.ContainsAny(v[len(open):len(v)-len(end)], open+end)
	}
	begins := func(word string) bool {
		return len(v) > len(word) && bytes.HasPrefix(v, []byte(word)) && strings.IndexByte("-_ ", v[len(word)]) >= 0
	}
	isWords := len(bytes.Trim(v, "-_ abcdefghijklmnopqrstuvwxyz")) == 0
	switch {
	case len(v) >= 3 && strings.IndexByte("x*.-", v[0]) >= 0 && bytes.Count(v, v[:1]) == len(v):
		return true
	case isWords && (begins("your") || begins("insert") && bytes.HasSuffix(v, []byte("here"))):
		return true
	}
	return inner("<", ">") || inner("{{", "}}") || inner("${", "}")
}
