package guard

import (
	"bytes"
	"slices"
)

// hunk is one change to a file of lines: whole lines, each with its line break.
type hunk struct {
	At   int    `json:"at"`             // offset of New in the changed file, when it was made
	Lead string `json:"lead,omitempty"` // a line break that the line before lacked
	Old  string `json:"old,omitempty"`  // empty: lines were added
	New  string `json:"new"`
}

// undo takes hunks back from a file that may have been changed since. What it
// cannot find any more it leaves, and returns.
func undo(text []byte, hunks []hunk) (restored []byte, lost []hunk) {
	restored = bytes.Clone(text)
	for _, h := range slices.Backward(hunks) {
		at := nearest(restored, h.New, h.At)
		if at < 0 {
			lost = append(lost, h)
			continue
		}
		end := at + len(h.New)
		start := at
		// A line that the user has added behind needs the break that we added.
		if h.Lead != "" && h.Old == "" && end == len(restored) && bytes.HasSuffix(restored[:at], []byte(h.Lead)) {
			start -= len(h.Lead)
		}
		restored = slices.Concat(restored[:start], []byte(h.Old), restored[end:])
	}
	return restored, lost
}

// nearest is the offset of the lines want that is nearest to at, or -1.
func nearest(text []byte, want string, at int) int {
	best := -1
	for from := 0; want != ""; {
		i := bytes.Index(text[from:], []byte(want))
		if i < 0 {
			break
		}
		i += from
		from = i + 1
		if lineStart := i == 0 || text[i-1] == '\n' || i == 3 && bytes.HasPrefix(text, bom); !lineStart {
			continue
		}
		if best < 0 || distance(i, at) < distance(best, at) {
			best = i
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

var bom = []byte("\xef\xbb\xbf")

// eolOf is the line break of a file: that of its first line.
func eolOf(text []byte) string {
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// insert puts lines into text at an offset where a line begins, or at its end.
// The lines end in "\n"; they get the file's line breaks.
func insert(text []byte, at int, lines string) ([]byte, hunk) {
	eol := eolOf(text)
	h := hunk{New: string(bytes.ReplaceAll([]byte(lines), []byte("\n"), []byte(eol)))}
	if at > 0 && at == len(text) && text[at-1] != '\n' && !bytes.Equal(text, bom) {
		h.Lead = eol
	}
	h.At = at + len(h.Lead)
	return slices.Concat(text[:at], []byte(h.Lead), []byte(h.New), text[at:]), h
}
