package detect

import "bytes"

// Characters and marks that are not of a value: those that cannot be seen, the
// emphasis of HTML and Markdown, the ends of sentences.

// unseen returns the length of a character at the start of text that stands
// for no letter: a blank that does not break, a mark of width zero.
func unseen(text []byte) int {
	for _, c := range []string{"\u00a0", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"} {
		if bytes.HasPrefix(text, []byte(c)) {
			return len(c)
		}
	}
	return 0
}

// emphases are the elements of HTML that set a word apart.
var emphases = words("b strong i em code tt kbd samp span mark u font pre")

// emphasised returns where such an element's tag at i ends, or -1.
func emphasised(text []byte, i int) int {
	if i+1 < len(text) && text[i+1] == '/' {
		i++
	}
	end := run(text, i+1, 8, alnum)
	if end == i+1 || !emphases[lowered(string(text[i+1:end]))] {
		return -1
	}
	n := bytes.IndexByte(text[end:min(len(text), end+120)], '>')
	if n < 0 || n > 0 && text[end] != ' ' {
		return -1
	}
	return end + n + 1
}

// sentenceMark reports whether text begins with a mark that parts or ends
// sentences where letters are as wide as high.
func sentenceMark(text []byte) bool {
	for _, c := range []string{"\uff0c", "\u3002", "\u3001", "\uff1b", "\uff09", "\u300d"} {
		if bytes.HasPrefix(text, []byte(c)) {
			return true
		}
	}
	return false
}

// entity reports whether text begins with a mark that HTML writes for itself.
func entity(text []byte) bool {
	for _, e := range []string{"&quot;", "&#39;", "&lt;", "&gt;"} {
		if bytes.HasPrefix(text, []byte(e)) {
			return true
		}
	}
	return false
}

// emphasis steps over the stars of Markdown's bold text.
func emphasis(text []byte, i int) int {
	for i+1 < len(text) && text[i] == '*' && text[i+1] == '*' {
		i += 2
	}
	return i
}

// italic returns the length of the word at i that stands between single stars
// of Markdown, without the last one; 0 when there is none.
func italic(text []byte, i int) int {
	if i+1 >= len(text) || text[i] != '*' || is(text[i+1], space) || text[i+1] == '*' {
		return 0
	}
	for n := 1; i+n < len(text) && n < 80 && !is(text[i+n], space); n++ {
		if text[i+n] == '*' && (i+n+1 == len(text) || !is(text[i+n+1], alnum) && text[i+n+1] != '*') {
			return n
		}
	}
	return 0
}
