package notebook_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

// encodeUTF16 writes text as a file in UTF-16.
func encodeUTF16(text string, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, c := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, c)
	}
	return out
}

func TestUTF16(t *testing.T) {
	for _, src := range []string{"", "\xff", "abc", "\xef\xbb\xbfabc", "\xff\xfe\x00\x00a\x00\x00\x00", "\x00\x00\xfe\xff"} {
		if _, ok := notebook.DecodeUTF16([]byte(src)); ok {
			t.Errorf("%q was read as UTF-16", src)
		}
	}
	if _, err := notebook.Parse(encodeUTF16(`{"cells":[]}`, binary.BigEndian)); !errors.Is(err, notebook.ErrUTF16) {
		t.Errorf("Parse: %v", err)
	}
	u, _ := notebook.DecodeUTF16([]byte("\xff\xfe\x00\xd8a\x00b"))
	if string(u.Text) != "\ufffda\ufffd" {
		t.Errorf("half of what UTF-16 has gives %q", u.Text)
	}
	end := finding.Location{Offset: 3, Length: 4, FileColumn: 4}
	if u.Locate(&end); end.Offset != 4 || end.Length != 3 {
		t.Errorf("got %+v", end)
	}
}

// FuzzUTF16: the bytes at a place in the file, decoded, are the text that was
// asked for, in either order.
func FuzzUTF16(f *testing.F) {
	f.Add("one\n\u00e9 two \U0001f600 three", uint32(7), uint16(4))
	f.Add(strings.Repeat("\u4e2d\U0001f600x\n", 2000), uint32(9000), uint16(9000))
	f.Fuzz(func(t *testing.T, text string, from uint32, length uint16) {
		if !utf8.ValidString(text) || strings.HasPrefix(text, "\x00") {
			t.Skip()
		}
		start := min(int(from), len(text))
		end := min(start+int(length), len(text))
		if !boundary(text, start) || !boundary(text, end) {
			t.Skip()
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			src := encodeUTF16(text, order)
			u, ok := notebook.DecodeUTF16(src)
			if !ok || string(u.Text) != text {
				t.Fatalf("%q reads as %q", text, u.Text)
			}
			loc := finding.Location{Offset: start, Length: end - start, FileColumn: start - strings.LastIndexByte(text[:start], '\n')}
			u.Locate(&loc)
			if got, want := src[loc.Offset:loc.Offset+loc.Length], encodeUTF16(text[start:end], order)[2:]; !bytes.Equal(got, want) {
				t.Fatalf("%q is at %+v", text[start:end], loc)
			}
			head := text[strings.LastIndexByte(text[:start], '\n')+1 : start]
			column := len(encodeUTF16(head, order)) - 1
			if len(head) == start {
				column += 2 // the byte order mark is in the first line
			}
			if loc.FileColumn != column {
				t.Errorf("column %d, want %d", loc.FileColumn, column)
			}
		}
	})
}
