package notebook

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/finding"
)

// ErrUTF16 is the error of Parse for UTF-16, as PowerShell's ">" writes it.
var ErrUTF16 = errors.New("it is UTF-16 text; convert it to UTF-8 first")

// UTF16 is the text of a file in UTF-16, in UTF-8.
type UTF16 struct {
	Text []byte // without the byte order mark

	size  int    // of the file
	marks []mark // base is an offset in Text, off in the file; one for each markEvery bytes
}

// markEvery is the distance of known positions, in bytes: as far as a question
// looks ahead.
const markEvery = 1 << 12

// DecodeUTF16 decodes a file that begins with UTF-16's byte order mark, and is
// not ok for all others. Half a surrogate pair and half a unit give U+FFFD.
func DecodeUTF16(src []byte) (u *UTF16, ok bool) {
	order := byteOrder(src)
	if order == nil {
		return nil, false
	}
	u = &UTF16{Text: make([]byte, 0, len(src)/2+len(src)/16), size: len(src)}
	for i := 2; i < len(src); {
		if len(u.Text) >= len(u.marks)*markEvery {
			u.marks = append(u.marks, mark{base: len(u.Text), off: i})
		}
		r, n := utf8.RuneError, min(2, len(src)-i)
		if n == 2 {
			r = rune(order.Uint16(src[i:]))
		}
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+4 <= len(src) {
				low = rune(order.Uint16(src[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				n = 4
			}
		}
		u.Text = utf8.AppendRune(u.Text, r)
		i += n
	}
	return u, true
}

// byteOrder is what the file's byte order mark says; nil if it has none of
// UTF-16.
func byteOrder(src []byte) binary.ByteOrder {
	switch {
	case IsUTF32(src):
	case bytes.HasPrefix(src, []byte("\xfe\xff")):
		return binary.BigEndian
	case bytes.HasPrefix(src, []byte("\xff\xfe")):
		return binary.LittleEndian
	}
	return nil
}

// IsUTF32 reports whether a file begins with UTF-32's byte order mark.
func IsUTF32(src []byte) bool {
	return bytes.HasPrefix(src, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(src, []byte("\x00\x00\xfe\xff"))
}

// Locate turns a location in Text into one in the file: offset, length and the
// column in bytes.
func (u *UTF16) Locate(l *finding.Location) {
	line := 0 // where the line begins; the byte order mark is in the first one
	if start := l.Offset - l.FileColumn + 1; start > 0 {
		line = u.offset(start)
	}
	end := u.offset(l.Offset + l.Length)
	l.Offset = u.offset(l.Offset)
	l.Length, l.FileColumn = end-l.Offset, l.Offset-line+1
}

// offset is the place in the file of an offset in Text.
func (u *UTF16) offset(at int) int {
	if len(u.marks) == 0 {
		return u.size
	}
	m := u.marks[min(at/markEvery, len(u.marks)-1)]
	if m.base > at {
		m = u.marks[at/markEvery-1]
	}
	for m.base < at {
		r, n := utf8.DecodeRune(u.Text[m.base:])
		m.base += n
		m.off += 2 * max(1, utf16.RuneLen(r))
	}
	return min(m.off, u.size)
}
