package scan

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

// How much of a text an excerpt shows: lines before and after the one that the
// credential begins in, and bytes of them.
const (
	linesBefore, linesAfter = 2, 3
	bytesBefore, bytesAfter = 160, 480
)

// Excerpt is the text around the match of that index, which begins in the given
// line. All of the matches are masked, which are those of the text in order of
// position, and so are further places of their values in what is shown. Its cost
// does not depend on the length of the text.
func Excerpt(text []byte, matches []detect.Match, index, line int) *finding.Excerpt {
	start, _ := bounds(matches[index])
	from, to := start, start
	for n := linesBefore; from > max(0, start-bytesBefore); from-- {
		if text[from-1] == '\n' {
			if n == 0 || line == 1 {
				break
			}
			n, line = n-1, line-1
		}
	}
	for n := linesAfter; to < min(len(text), start+bytesAfter); to++ {
		if text[to] == '\n' {
			if n == 0 {
				break
			}
			n--
		}
	}
	for from < start && !utf8.RuneStart(text[from]) {
		from++
	}
	for to > start && to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}

	var shown []byte
	if from > 0 && text[from-1] != '\n' {
		shown = append(shown, "…"...)
	}
	at := from
	for _, m := range masks(text, matches, from, to) {
		if m.start > at {
			shown = append(shown, text[at:m.start]...)
		}
		if m.end <= at {
			continue
		}
		shown = append(shown, m.preview...)
		// Lines keep their numbers.
		for range bytes.Count(text[max(at, m.start):min(m.end, to)], []byte{'\n'}) {
			shown = append(shown, "\n…"...)
		}
		at = m.end
	}
	if at < to {
		shown = append(shown, text[at:to]...)
	}
	if to < len(text) && text[to] != '\n' {
		shown = append(shown, "…"...)
	}
	e := &finding.Excerpt{Line: line}
	for l := range bytes.SplitSeq(bytes.TrimRight(shown, " \t\r\n"), []byte{'\n'}) {
		e.Lines = append(e.Lines, string(bytes.TrimSuffix(l, []byte{'\r'})))
	}
	for len(e.Lines) > 1 && e.Lines[0] == "" {
		e.Line, e.Lines = e.Line+1, e.Lines[1:]
	}
	return e
}

// excerpt is Excerpt for a unit. Of a text that stands in one line of its file it
// shows one line, so that all lines have the file's numbers.
func excerpt(u *notebook.Unit, matches []detect.Match, index, line int) *finding.Excerpt {
	if !u.OneLine() {
		return Excerpt(u.Text, matches, index, line)
	}
	e := Excerpt(u.Text, matches, index, 1)
	return &finding.Excerpt{Line: line, Lines: e.Lines[:1]}
}

// mask is a range of text not to be shown, and what is shown for it.
type mask struct {
	start, end int
	preview    string
}

// masks lists what must not be shown of text[from:to], in order of position.
func masks(text []byte, matches []detect.Match, from, to int) []mask {
	var list []mask
	// Matches do not overlap: their ends are in order as well.
	first := sort.Search(len(matches), func(i int) bool { _, end := bounds(matches[i]); return end > from })
	for _, m := range matches[first:] {
		start, end := bounds(m)
		if start >= to {
			break
		}
		list = append(list, mask{start, end, m.Preview})
		for _, p := range m.Parts {
			value := text[p.Start:p.End]
			if len(value) < 6 || len(value) > bytesAfter { // too common, or too long to be there whole
				continue
			}
			// One that is cut by an edge counts.
			for at, last := max(0, from-len(value)), min(len(text), to+len(value)); ; {
				k := bytes.Index(text[at:last], value)
				if k < 0 {
					break
				}
				at += k
				list = append(list, mask{at, at + len(value), m.Preview})
				at += len(value)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mask) int { return a.start - b.start })
	return list
}

func bounds(m detect.Match) (start, end int) {
	return m.Parts[0].Start, m.Parts[len(m.Parts)-1].End
}
