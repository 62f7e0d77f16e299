package scan_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

// marked takes the marks «» around credentials out of a text.
func marked(s string) (text string, matches []detect.Match) {
	for {
		before, rest, ok := strings.Cut(s, "«")
		text += before
		if !ok {
			return text, matches
		}
		value, after, _ := strings.Cut(rest, "»")
		span := detect.Span{Start: len(text), End: len(text) + len(value)}
		matches = append(matches, detect.Match{Parts: []detect.Span{span}, Preview: "p…"})
		text, s = text+value, after
	}
}

func TestExcerpt(t *testing.T) {
	for _, test := range []struct {
		text string
		line int // that the first match begins in
		want finding.Excerpt
	}{
		{"«secret»", 1, finding.Excerpt{Line: 1, Lines: []string{"p…"}}},
		{"1\n2\n3\r\n4 = '«secret»'\n5\n6\n7\n8", 4, finding.Excerpt{Line: 2, Lines: []string{"2", "3", "4 = 'p…'", "5", "6", "7"}}},
		{"an output\nk «secret»\n", 1, finding.Excerpt{Line: 1, Lines: []string{"k p…"}}},
		{"\r\n\nk «secret»\n\n\n", 3, finding.Excerpt{Line: 3, Lines: []string{"k p…"}}},
		{"a «se\ncr\net» b\nc", 1, finding.Excerpt{Line: 1, Lines: []string{"a p…", "…", "… b", "c"}}},
		{"«secret» «other» secret\nsecretly", 1, finding.Excerpt{Line: 1, Lines: []string{"p… p… p…", "p…ly"}}},
		{"«sec» sec", 1, finding.Excerpt{Line: 1, Lines: []string{"p… sec"}}},
	} {
		text, matches := marked(test.text)
		if got := scan.Excerpt([]byte(text), matches, 0, test.line); !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%q: got %+v, want %+v", test.text, *got, test.want)
		}
	}
}

// TestExcerptOfALongLine has the window cut characters and values in two.
func TestExcerptOfALongLine(t *testing.T) {
	for shift := range 24 {
		noise := strings.Repeat("é", 300)
		text, matches := marked(noise + strings.Repeat("x", shift) + "secret" + strings.Repeat("é", 75) + "«secret»" + strings.Repeat("x", 455+shift) + "«secret»" + noise)
		got := scan.Excerpt([]byte(text), matches, 0, 1)
		line := got.Lines[0]
		if len(got.Lines) != 1 || len(line) > 700 || !utf8.ValidString(line) || !strings.HasPrefix(line, "…") || !strings.HasSuffix(line, "…") {
			t.Errorf("shift %d: %q", shift, line)
		}
		for _, piece := range []string{"se", "cr", "et"} {
			if strings.Contains(line, piece) {
				t.Errorf("shift %d: %s is in %q", shift, piece, line)
			}
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("line\nkey = ", "secret", "\nsecret\n", "secretly", 3)
	f.Add("", "se\ncret", strings.Repeat("é", 80), "", 1)
	f.Fuzz(func(t *testing.T, before, value, between, after string, line int) {
		if len(value) < 6 || strings.ContainsAny(value, "p…\n\r") || !valid(before, value, between, after) || line < 1 || line > 1000 {
			return
		}
		text := before + value + between + value + after
		second := len(before) + len(value) + len(between)
		matches := []detect.Match{
			{Parts: []detect.Span{{Start: len(before), End: len(before) + len(value)}}, Preview: "p…"},
			{Parts: []detect.Span{{Start: second, End: second + len(value)}}, Preview: "p…"},
		}
		for i := range matches {
			e := scan.Excerpt([]byte(text), matches, i, line)
			if got := strings.Join(e.Lines, "\n"); strings.Contains(got, value) || !utf8.ValidString(got) || len(got) > 2000 {
				t.Errorf("got %q", got)
			}
			if e.Line < 1 || e.Line > line || len(e.Lines) > 8 {
				t.Errorf("got %+v", *e)
			}
		}
	})
}

func valid(words ...string) bool {
	for _, w := range words {
		if !utf8.ValidString(w) {
			return false
		}
	}
	return true
}
