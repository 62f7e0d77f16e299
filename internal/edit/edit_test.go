package edit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/edit"
)

func TestBytes(t *testing.T) {
	src := []byte("0123456789")
	b := edit.New(src)
	if got, err := b.Bytes(); err != nil || &got[0] != &src[0] {
		t.Fatalf("no edits: %q, %v; want the source itself", got, err)
	}
	b.Replace(8, 10, "end")
	b.Insert(4, "a")
	b.Insert(4, "b")
	b.Replace(4, 5, "X")
	b.Replace(0, 0, ">")
	got, err := b.Bytes()
	if err != nil || string(got) != ">0123abX567end" {
		t.Errorf("got %q, %v", got, err)
	}
	if string(src) != "0123456789" {
		t.Errorf("the source changed: %q", src)
	}
}

func TestOverlapIsAnError(t *testing.T) {
	b := edit.New([]byte("0123456789"))
	b.Replace(2, 5, "")
	b.Replace(4, 6, "")
	if _, err := b.Bytes(); err == nil || !strings.Contains(err.Error(), "2-5 and 4-6") {
		t.Errorf("got %v", err)
	}
}

// FuzzBytes: splicing equals applying the edits one by one from the end.
func FuzzBytes(f *testing.F) {
	f.Add([]byte("hello, world"), uint8(1), uint8(3), uint8(2), uint8(4), "new")
	f.Fuzz(func(t *testing.T, src []byte, gap1, len1, gap2, len2 uint8, text string) {
		s1, e1 := int(gap1), int(gap1)+int(len1)
		s2, e2 := e1+int(gap2), e1+int(gap2)+int(len2)
		if e2 > len(src) {
			t.Skip()
		}
		b := edit.New(src)
		b.Replace(s2, e2, text)
		b.Replace(s1, e1, text)
		got, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Join([][]byte{src[:s1], []byte(text), src[e1:s2], []byte(text), src[e2:]}, nil)
		if s1 == s2 && e1 == e2 { // two insertions at one place keep the order of asking
			want = bytes.Join([][]byte{src[:s1], []byte(text), []byte(text), src[s1:]}, nil)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestFilter(t *testing.T) {
	b := edit.New([]byte("abcdef"))
	b.Replace(0, 1, "A")
	b.Replace(2, 4, "X")
	b.Filter(func(start, end int) bool { return start != 2 || end != 4 })
	b.Replace(2, 3, "C")
	if got, err := b.Bytes(); err != nil || string(got) != "AbCdef" || b.Len() != 2 {
		t.Errorf("%q, %v", got, err)
	}
}
