package notebook

import (
	"bytes"
	"encoding/base64"
	"html"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder turns pieces of the source into text and, on request, a map of it.
type decoder struct {
	src     []byte
	out     []byte
	mapping bool
	runs    []run
}

// quoted appends the text of a string when no map is wanted.
func (d *decoder) quoted(q quoted, f form) {
	before, rest := d.src[q.start+1:q.slash], d.src[q.slash:q.end-1]
	if f == base64Text || f == htmlText && mayHoldEntity(before, rest) {
		d.piece(&piece{src: value{q.start + 1, q.end - 1}, form: f})
		return
	}
	d.out = append(d.out, before...)
	switch string(rest) {
	case "":
	case `\n`: // as most lines
		d.out = append(d.out, '\n')
	default:
		d.plain(rest)
	}
}

// mayHoldEntity reports whether there can be an ampersand in a string, of which
// the rest may have escapes.
func mayHoldEntity(before, rest []byte) bool {
	return bytes.IndexByte(before, '&') >= 0 || bytes.IndexByte(rest, '&') >= 0 || bytes.Contains(rest, []byte(`\u0026`))
}

// isVerbatim reports whether the piece's bytes are its text.
func (p piece) isVerbatim(src []byte) bool {
	s := src[p.src.start:p.src.end]
	switch p.form {
	case fileText:
		return true
	case logText:
		return bytes.IndexByte(s, esc) < 0
	}
	return p.form != base64Text && bytes.IndexByte(s, '\\') < 0 && (p.form != htmlText || bytes.IndexByte(s, '&') < 0)
}

// piece appends the text of p.
func (d *decoder) piece(p *piece) {
	if p.form == base64Text {
		text, _ := decodeBase64(nil, d.src[p.src.start:p.src.end])
		if d.mapping {
			d.runs = append(d.runs, run{len(d.out), len(text), p.src.start, p.src.end - p.src.start, true})
		}
		d.out = append(d.out, text...)
		return
	}
	if p.isVerbatim(d.src) {
		d.copy(p.src.start, p.src.end)
		return
	}
	if p.form == logText {
		d.log(p.src.start, p.src.end)
		return
	}
	i, end := p.src.start, p.src.end
	slash, amp := i, i // where the next of each is; found anew only once passed
	for i < end {
		if slash = nextByte(d.src, '\\', slash, i, end); p.form == htmlText {
			amp = nextByte(d.src, '&', amp, i, end)
		} else {
			amp = end
		}
		k := min(slash, amp)
		d.copy(i, k)
		if i = k; i == end {
			return
		}
		if d.src[i] == '&' {
			i += d.entity(i, 1, end)
			continue
		}
		r, n := unescape(d.src[i:end])
		if r == '&' && p.form == htmlText { // as encoding/json of Go writes it
			i += d.entity(i, n, end)
			continue
		}
		if r == esc {
			if m := ansiLen(d.src[i+n : end]); m > 0 {
				i += n + m
				continue
			}
		}
		if r < utf8.RuneSelf {
			d.atom(byte(r), i, n)
		} else {
			d.atomRune(r, i, n)
		}
		i += n
	}
}

// plain appends the text of a string's content s, as piece does for text that
// has no entities, when no map is wanted.
func (d *decoder) plain(s []byte) {
	out := d.out
	for {
		k := bytes.IndexByte(s, '\\')
		if k < 0 {
			d.out = append(out, s...)
			return
		}
		out = append(out, s[:k]...)
		s = s[k:]
		switch s[1] {
		case 'n':
			out = append(out, '\n')
			s = s[2:]
		case '"', '\\', '/':
			out = append(out, s[1])
			s = s[2:]
		default:
			r, n := unescape(s)
			s = s[n:]
			if r == esc {
				if m := ansiLen(s); m > 0 {
					s = s[m:]
					continue
				}
			}
			out = utf8.AppendRune(out, r)
		}
		if len(s) == 0 {
			d.out = out
			return
		}
	}
}

// esc begins an ANSI escape sequence.
const esc = 0x1b

// log appends the bytes of a plain file, without ANSI codes.
func (d *decoder) log(i, end int) {
	for i < end {
		k := bytes.IndexByte(d.src[i:end], esc)
		if k < 0 {
			break
		}
		n := 0
		if n = ansiLen(d.src[i+k+1 : end]); n == 0 {
			k++ // a lone ESC is text
			n = -1
		}
		d.copy(i, i+k)
		i += k + n + 1
	}
	d.copy(i, end)
}

// nextByte is the index of the first b in src[i:end], or end; known is the
// answer to the question before.
func nextByte(src []byte, b byte, known, i, end int) int {
	if known > i || (known == i && i < end && src[i] == b) {
		return known
	}
	if k := bytes.IndexByte(src[i:end], b); k >= 0 {
		return i + k
	}
	return end
}

func (d *decoder) copy(start, end int) {
	if start == end {
		return
	}
	if d.mapping {
		d.runs = append(d.runs, run{text: len(d.out), textLen: end - start, src: start, srcLen: end - start})
	}
	d.out = append(d.out, d.src[start:end]...)
}

// atom appends one byte that stands for srcLen bytes at src.
func (d *decoder) atom(b byte, src, srcLen int) {
	if d.mapping {
		d.runs = append(d.runs, run{text: len(d.out), textLen: 1, src: src, srcLen: srcLen})
	}
	d.out = append(d.out, b)
}

func (d *decoder) atomRune(r rune, src, srcLen int) {
	at := len(d.out)
	d.out = utf8.AppendRune(d.out, r)
	if d.mapping {
		d.runs = append(d.runs, run{text: at, textLen: len(d.out) - at, src: src, srcLen: srcLen})
	}
}

// entity appends what the entity at i stands for, or the ampersand itself, which
// has amp bytes, and returns how many bytes that is.
func (d *decoder) entity(i, amp, end int) int {
	const longest = 40 // the longest name, CounterClockwiseContourIntegral, has 31
	s := d.src[i+amp : min(end, i+amp+longest)]
	if k := bytes.IndexByte(s, ';'); k > 0 && bytes.IndexByte(s[:k], '\\') < 0 {
		name := "&" + string(s[:k+1])
		if text := html.UnescapeString(name); text != name && len(text) < len(name) {
			at := len(d.out)
			d.out = append(d.out, text...)
			if d.mapping {
				d.runs = append(d.runs, run{text: at, textLen: len(text), src: i, srcLen: amp + k + 1})
			}
			return amp + k + 1
		}
	}
	d.atom('&', i, amp)
	return amp
}

// unescape reads the escape sequence at the start of s, which is known to be
// valid. Half a surrogate pair gives U+FFFD, as in encoding/json.
func unescape(s []byte) (r rune, n int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(s[2:])
		if utf16.IsSurrogate(r) {
			if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(s[8:])); pair != utf8.RuneError {
					return pair, 12
				}
			}
			return utf8.RuneError, 6
		}
		return r, 6
	}
	return rune(s[1]), 2
}

func hex4(s []byte) rune {
	return unhex(s[0])<<12 | unhex(s[1])<<8 | unhex(s[2])<<4 | unhex(s[3])
}

// ansiLen is the length of the rest of an ANSI escape sequence whose ESC stands
// just before s: CSI (ECMA-48, 5.4), or OSC up to BEL or ST, written in a JSON
// string. It is 0 when s is none.
func ansiLen(s []byte) int {
	if len(s) == 0 {
		return 0
	}
	switch s[0] {
	case '[':
		i := 1
		for i < len(s) && 0x30 <= s[i] && s[i] <= 0x3f {
			i++
		}
		for i < len(s) && 0x20 <= s[i] && s[i] <= 0x2f {
			i++
		}
		if i < len(s) && 0x40 <= s[i] && s[i] <= 0x7e && s[i] != '\\' {
			return i + 1
		}
	case ']':
		// A hyperlink's target is text that may hold a credential: only the
		// number is stepped over, the rest stays visible.
		i := 1
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		if i > 1 && i < len(s) && s[i] == ';' {
			return i + 1
		}
	}
	return 0
}

// keyString is decodeString without an allocation for what every notebook
// holds in every cell.
func keyString(src []byte, v value) string {
	switch s := src[v.start+1 : v.end-1]; string(s) {
	case "cell_type":
		return "cell_type"
	case "code":
		return "code"
	case "data":
		return "data"
	case "display_data":
		return "display_data"
	case "execute_result":
		return "execute_result"
	case "execution_count":
		return "execution_count"
	case "id":
		return "id"
	case "image/png":
		return "image/png"
	case "markdown":
		return "markdown"
	case "metadata":
		return "metadata"
	case "name":
		return "name"
	case "output_type":
		return "output_type"
	case "outputs":
		return "outputs"
	case "source":
		return "source"
	case "stderr":
		return "stderr"
	case "stdout":
		return "stdout"
	case "stream":
		return "stream"
	case "text":
		return "text"
	case "text/html":
		return "text/html"
	case "text/plain":
		return "text/plain"
	}
	return decodeString(src, v)
}

// decodeString is the text of a string value, quotes included in its range.
func decodeString(src []byte, v value) string {
	s := src[v.start+1 : v.end-1]
	if bytes.IndexByte(s, '\\') < 0 {
		return string(s)
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		k := bytes.IndexByte(s, '\\')
		if k < 0 {
			k = len(s)
		}
		out = append(out, s[:k]...)
		s = s[k:]
		if len(s) > 0 {
			r, n := unescape(s)
			out = utf8.AppendRune(out, r)
			s = s[n:]
		}
	}
	return string(out)
}

// payloadEnd returns where base64 that starts at i ends, line ends and escaped
// slashes allowed as JSON writes them.
func payloadEnd(src []byte, i int) int {
	for {
		i = base64Run(src, i)
		if i+1 >= len(src) || src[i] != '\\' || src[i+1] != 'n' && src[i+1] != 'r' && src[i+1] != '/' {
			return i
		}
		i += 2
	}
}

// payload moves over a string that is nothing but base64, and then reports true:
// every byte of it has been looked at. Otherwise the cursor stays.
func (c *cursor) payload() bool {
	c.slash = c.i + 1 // wherever it is
	end := payloadEnd(c.src, c.slash)
	if end >= len(c.src) || c.src[end] != '"' {
		return false
	}
	c.i = end + 1
	return true
}

// decodeBase64 decodes s when it is one run of padded base64 whose content is
// text.
func decodeBase64(dst, s []byte) ([]byte, bool) {
	if len(s) == 0 || len(s)%4 != 0 {
		return dst, false
	}
	out, err := base64.StdEncoding.AppendDecode(dst, s)
	if err != nil || !utf8.Valid(out) || bytes.IndexByte(out, 0) >= 0 {
		return dst, false
	}
	return out, true
}
